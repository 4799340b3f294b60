/* Kernels of the vesselness filter. */
#ifndef CK_VESSELNESS_H
#define CK_VESSELNESS_H

#include "ck_common.h"

/* Sato's line filter, the largest over the scales, at every voxel with a mask of 1 (0 elsewhere):
   sigma^2 sqrt(max(-l1, 0) max(-l2, 0)) for bright tubes and sigma^2 sqrt(max(l3, 0) max(l2, 0)) for dark ones, with
   l1 <= l2 <= l3 the eigenvalues of the Hessian in 1/mm^2 of the image smoothed by a Gaussian of sigma mm. Beyond the
   image there is 0, so subtract what should be taken as background.
   Returns 0, or -1 when memory runs out. */
int ck_sato(const float *image, const uint8_t *mask, const int64_t size[3], const double spacing[3],
            const double *sigmas_mm, int count, int dark, int threads, float *response);

/* Values of rank floor(fraction * (n - 1)) among the finite values with a non-zero mask, for increasing fractions.
   Returns how many values there are, or -1 when memory runs out. */
int64_t ck_ranks(const float *values, const uint8_t *mask, int64_t n, const double *fractions, int count, float *ranks);

/* Voxels of a mask (1, else 0) whose ball of `mm` lies in it; beyond the grid counts as outside.
   Returns 0, or -1 when memory runs out. */
int ck_erode_mm(const uint8_t *mask, const int64_t size[3], const double spacing[3], double mm, int threads,
                uint8_t *eroded);

#endif
