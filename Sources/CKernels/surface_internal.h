/* Shared by the files of the surface kernel; not public. */
#ifndef SURFACE_INTERNAL_H
#define SURFACE_INTERNAL_H

#include "ck_common.h"

/* One bit per grid point, rows along x; bit i of word w is x = 64 w + i. */
typedef struct {
    int64_t nx, ny, nz, words;
    uint64_t *bits;
    int32_t *first_word, *last_word; /* per row: the words that hold set bits; first > last when there are none */
    int64_t *slice_starts;           /* per slice: number of set bits in the slices before it; nz + 1 entries */
} point_set_t;

static inline const uint64_t *row_of(const point_set_t *set, int64_t y, int64_t z) {
    return set->bits + (z * set->ny + y) * set->words;
}

/* Squared distance in mm^2 of two points so many voxels apart: one formula everywhere, so that every search gives
   the same bits. */
static inline double squared_distance(int64_t dx, int64_t dy, int64_t dz, const double *spacing) {
    const double x = (double)dx * spacing[0], y = (double)dy * spacing[1], z = (double)dz * spacing[2];
    return x * x + (y * y + z * z);
}

/* For each point of `from`, in order, the squared distance to the nearest point of `to`, which is not empty.
   Returns 0, or -1 when memory runs out. */
int nearest_squared_distances(const point_set_t *from, const point_set_t *to, const double *spacing, int threads,
                              double *squared);

/* Squared distances from some points (indices into x, y, z triples) to the nearest point of a tree. */
typedef struct point_tree point_tree_t;
point_tree_t *point_tree_make(const point_set_t *set, const double *spacing);
double point_tree_nearest(const point_tree_t *tree, const int32_t *point, double bound);
void point_tree_free(point_tree_t *tree);

/* The value of rank `rank` (from 0) among n values that are not negative, and the next in order. */
void select_rank(const double *values, int64_t n, int64_t rank, double *value, double *next);

/* The smallest value such that the weights of all values up to it reach `share` of `total`. `weights[codes[i]]`. */
double select_weighted(const double *values, const uint8_t *codes, const double *weights, int64_t n, double total,
                       double share);

#endif
