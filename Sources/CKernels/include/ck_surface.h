/* Kernels of the surface metrics. */
#ifndef CK_SURFACE_H
#define CK_SURFACE_H

#include "ck_common.h"

/* Distances from one surface to another, in mm. Elements are border voxels, or corners weighted by area (mm^2). */
typedef struct {
    int64_t elements;
    double total;          /* sum of weights; the number of elements where they are not weighted */
    double weighted_sum;   /* sum of weight times distance */
    double maximum;
    double percentile_95;  /* interpolated between elements; by area: smallest distance that covers 95 % of it */
    double within;         /* sum of weights at or below the tolerance */
} ck_directed_t;

typedef struct {
    int64_t generated_voxels, reference_voxels, common_voxels;
    ck_directed_t generated_to_reference, reference_to_generated;
    double pooled_percentile_95;
    ck_directed_t generated_to_reference_surfels, reference_to_generated_surfels;
} ck_surface_result_t;

enum { CK_SURFACE_VOXELS = 1, CK_SURFACE_SURFELS = 2 };

/* Measures the surfaces of two masks (non-zero: inside) of nx * ny * nz voxels with the given edges in mm.
   Border: voxels of the mask with a face neighbour outside; outside the image is outside. Surface elements: corners of
   voxels whose eight voxels are not all alike. Distances between centres, and between corners, are exact.
   `parts` says which to measure; voxel counts are always given. Distances are left 0 when either mask is empty.
   Returns 0, or -1 when memory runs out. */
int ck_surface(const uint8_t *generated, const uint8_t *reference, int64_t nx, int64_t ny, int64_t nz,
               const double *spacing_mm, double tolerance_mm, int parts, int threads, ck_surface_result_t *result);

/* Area, in mm^2, of the surface inside the cell around a corner, by the code of its eight voxels: bit dx + 2 dy + 4 dz
   is set when voxel (dx, dy, dz) is inside. */
void ck_surfel_areas(const double *spacing_mm, double areas[256]);

#endif
