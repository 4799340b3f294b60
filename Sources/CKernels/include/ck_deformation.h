/* Kernels of the deformation metrics. */
#ifndef CK_DEFORMATION_H
#define CK_DEFORMATION_H

#include "ck_common.h"

#endif
