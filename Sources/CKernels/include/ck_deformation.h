/* Kernels of the deformation metrics. */
#ifndef CK_DEFORMATION_H
#define CK_DEFORMATION_H

#include "ck_common.h"

/* Mean, SD (over n), root mean square, median, 95th percentile (linear, type 7) and maximum of n > 0 finite values.
   Sums run in index order in double. The values are reordered. */
typedef struct {
    double mean, sd, rms, median, p95, max;
} ck_statistics;

void ck_describe(double *values, int64_t n, ck_statistics *result);

/* One erosion by the six face neighbours; what lies outside of the grid counts as outside of the mask. */
void ck_erode_faces(const uint8_t *mask, uint8_t *eroded, const int64_t dimensions[3]);

/* Determinant of I + du/dx at `count` voxels (offsets into the grid). Components are RAS and are multiplied by
   `scale` to give mm; derivatives are central, one-sided at the border of the grid, zero along an axis of one voxel.
   `inverse` is the linear part of the map from mm to voxel indices, row by row. */
void ck_jacobian_determinants(const float *ux, const float *uy, const float *uz, double scale,
                              const int64_t dimensions[3], const double inverse[9], const int64_t *offsets,
                              int64_t count, double *determinants);

#endif
