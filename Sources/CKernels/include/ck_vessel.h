/* Kernels of the vessel metrics. */
#ifndef CK_VESSEL_H
#define CK_VESSEL_H

#include "ck_common.h"

#endif
