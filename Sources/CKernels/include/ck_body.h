/* Kernels of the body mask. */
#ifndef CK_BODY_H
#define CK_BODY_H

#include "ck_common.h"

/* Sets mask[i] to 1 where image[i] > threshold (a NaN never is), else to 0. */
void ck_threshold(const float *image, int64_t n, float threshold, int threads, uint8_t *mask);

/* Fills the holes of each plane w: background that no path of face neighbours within the plane joins to the plane's
   edge becomes 1. Axes as in ck_ssim_t. Returns 0, or -1 when memory runs out. */
int ck_fill_holes(uint8_t *mask, const int64_t size[3], const int64_t stride[3], int threads);

#endif
