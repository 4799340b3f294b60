/* Kernels of the surface metrics. */
#ifndef CK_SURFACE_H
#define CK_SURFACE_H

#include "ck_common.h"

#endif
