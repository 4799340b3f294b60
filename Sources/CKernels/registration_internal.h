/* Shared by the files of the registration. */
#ifndef CK_REGISTRATION_INTERNAL_H
#define CK_REGISTRATION_INTERNAL_H

#include "ck_common.h"

/* Cell-centred samples that all start at the corner of the first native voxel: sample k of an axis lies at
   (k + 1/2) * step mm behind it. */
typedef struct {
    int64_t n[3];
    double step[3];
} ck_grid_t;

static inline int64_t ck_grid_count(const ck_grid_t *grid) { return grid->n[0] * grid->n[1] * grid->n[2]; }

/* Grid of blocks of f[axis] samples; a block that sticks out at the end counts as a whole one. */
ck_grid_t ck_grid_blocks(const ck_grid_t *grid, const int64_t f[3]);

/* Whole number of samples along each axis that is closest to an edge of `mm`, at least 1. */
void ck_grid_factors(const ck_grid_t *grid, double mm, int64_t f[3]);

/* Means over blocks; incomplete blocks over what there is of them. */
void ck_grid_mean(const float *values, const ck_grid_t *grid, const int64_t f[3], int threads, float *means);

/* Gaussian smoothing of `count` arrays on one grid, in place; nothing (0) lies outside. `scratch` is as large as the
   arrays together. */
int ck_grid_smooth(float *values, float *scratch, int count, const ck_grid_t *grid, double sigma_mm, int threads);

/* Cubic (Catmull-Rom) taps that take samples of one grid to positions of another along one axis. */
typedef struct {
    int32_t *index; /* 4 per position */
    float *weight;  /* 4 per position */
} ck_taps_t;

int ck_taps_make(ck_taps_t taps[3], const ck_grid_t *from, const ck_grid_t *to);
void ck_taps_free(ck_taps_t taps[3]);

/* One plane, and one row of that plane, of an array taken to another grid. */
void ck_taps_plane(const ck_taps_t taps[3], const float *values, const ck_grid_t *from, int64_t z, float *plane);
void ck_taps_row(const ck_taps_t taps[3], const float *plane, const ck_grid_t *from, const ck_grid_t *to, int64_t y,
                 float *scratch, float *row);

/* A whole array taken to another grid. Returns 0, or -1 when memory runs out. */
int ck_grid_resample(const float *values, const ck_grid_t *from, const ck_grid_t *to, int threads, float *result);

/* Trilinear values of one row of an image at x + u, u in voxels, from `first` to before `end`; `valid` tells what lies
   inside the image. */
void ck_warp_row(const float *image, const int64_t n[3], int64_t y, int64_t z, int64_t first, int64_t end,
                 const float *ux, const float *uy, const float *uz, float *warped, uint8_t *valid);

/* Standard deviation of white noise in a region of an image (NULL: everywhere). Returns 0, or -1 without memory. */
int ck_noise(const float *image, const ck_grid_t *grid, const uint8_t *region, double *noise);

/* (image - origin - mean) / sqrt(square - mean^2 + epsilon) along one row. */
void ck_normalise_row(const float *image, const float *mean, const float *square, int64_t n, float origin,
                      float epsilon, float *out);

/* Local normalisation as `ck_normalise_locally`, with what belongs to it: the value that moments are taken about, and what
   is added to the variance. */
int ck_normalise_image(const float *image, const ck_grid_t *grid, double sigma_mm, int threads, float *normalised,
                       float *origin, float *epsilon);

/* Windows of the local normalisation over what two images both show.

   At the border of an image a window is cut off there and whole in the other image, which gives one anatomy two values.
   Where less than all of a window is seen by both, values therefore move over to the mean and deviation of the common
   part; where all of it is seen they stay as they were. */
typedef struct {
    ck_grid_t grid, nodes;
    double sigma_mm;
    float common_share, whole_share; /* between these shares values go from the common part to the whole window */
    int64_t f[3];
    float *whole;       /* 1 where all of the window is seen, 0 where only its common part counts */
    float *nodes_share; /* share of the window that is seen, on the nodes, and as much scratch */
    float *moments;     /* two arrays on the nodes, and as much scratch */
    float *rows;        /* scratch of the loops over planes */
    uint8_t *is_cut;    /* for each plane */
    ck_taps_t taps[3];
} ck_window_t;

int ck_window_make(ck_window_t *window, const ck_grid_t *grid, double sigma_mm, double common_share,
                   double whole_share);
void ck_window_free(ck_window_t *window);

/* Takes in what both images show; `is_cut` tells whether the window of any voxel of the support is not wholly seen.
   Returns 0, or -1 when memory runs out. */
int ck_window_see(ck_window_t *window, const uint8_t *seen, const uint8_t *support, int threads, int *is_cut);

/* Values of one of the images: `normalised` where the window is seen, those of the common part where it is not.
   Returns 0, or -1 when memory runs out. */
int ck_window_normalise(ck_window_t *window, const float *image, const uint8_t *seen, float origin, float epsilon,
                        const float *normalised, int threads, float *out);

#endif
