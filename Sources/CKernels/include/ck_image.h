/* Kernels of the image metrics. */
#ifndef CK_IMAGE_H
#define CK_IMAGE_H

#include "ck_common.h"

#endif
