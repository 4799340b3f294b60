/* Kernels of the registration plk3d/1: pyramidal, locally normalised Gauss-Newton in three dimensions. */
#ifndef CK_REGISTRATION_H
#define CK_REGISTRATION_H

#include "ck_common.h"

/* One level of the pyramid. Lengths are Gaussian sigmas or edges in mm. */
typedef struct {
    double voxel_mm;     /* voxels of the level: blocks of native voxels about as large as this */
    double node_mm;      /* distance of the nodes that carry the displacement */
    double normalise_mm; /* neighbourhood of the local mean and standard deviation */
    double window_mm;    /* window over which the normal equations are summed */
    double update_mm;    /* smoothing of a step, weighted by its certainty */
    double total_mm;     /* smoothing of the whole displacement after a step, weighted by its certainty; 0: none */
    double elastic_mm;   /* smoothing of the whole displacement after a step, unweighted; 0: none */
    double step_mm;      /* largest step at a node */
    double support_mm;   /* voxels this far around the region take part */
    double share;        /* a voxel of the level takes part when this share of it does */
    double clip;         /* values farther from the region's median than so many robust deviations are cut; 0: none */
    int iterations;
} ck_registration_level_t;

/* Two images on one grid, i fastest, and where they count. */
typedef struct {
    const float *fixed, *moving;
    const uint8_t *region; /* what is to be followed, in the fixed image */
    int64_t size[3];
    double spacing[3]; /* mm */
    double damping;    /* added to the diagonal of the normal equations, relative to their mean diagonal */
    double cauchy;     /* scale of the robust weights, in standard deviations of the local normalisation */
    /* Share of a window of the normalisation that both images show: up to the first only the common part counts, from the
       second on all of it. */
    double common_share, whole_share;
} ck_registration_t;

/* Displacement in mm along the axes of the grid: what is at x in the fixed image is at x + u in the moving one.
   Results do not depend on `threads`. Returns 0, or -1 when memory runs out. */
int ck_register(const ck_registration_t *problem, const ck_registration_level_t *levels, int count, int threads,
                float *ux, float *uy, float *uz);

/* Image at x + u (u in mm along the axes), clamped at the border: trilinear, or cubic (Catmull-Rom) where noise and
   edges should not be smoothed. With `where`, only what lies between the first and the last voxel of each row that are
   not 0 there is written. Returns 0, or -1 when memory runs out. */
int ck_warp(const float *image, const int64_t size[3], const double spacing[3], const float *ux, const float *uy,
            const float *uz, const uint8_t *where, int cubic, int threads, float *warped);

/* (image - local mean) / sqrt(local variance + (2 noise)^2) with Gaussian neighbourhoods of `sigma_mm`; the noise is
   found by the median of second differences. Returns 0, or -1 when memory runs out. */
int ck_normalise_locally(const float *image, const int64_t size[3], const double spacing[3], double sigma_mm,
                         int threads, float *normalised);

/* Gaussian smoothing with sigma in mm, continued by the edge. Returns 0, or -1 when memory runs out. */
int ck_gaussian(const float *image, const int64_t size[3], const double spacing[3], double sigma_mm, int threads,
                float *smoothed);

/* Cell-centred samples of a coarse grid, which begins at the same corner, taken to a fine one by cubic (Catmull-Rom)
   interpolation. Returns 0, or -1 when memory runs out. */
int ck_refine(const float *coarse, const int64_t coarse_size[3], const double coarse_mm[3], const int64_t size[3],
              const double spacing[3], int threads, float *fine);

/* Correlation of two locally normalised images over the voxels of a mask; NaN where it has none. */
double ck_local_correlation(const float *a, const float *b, const uint8_t *mask, int64_t n);

/* The reference in the look of another image of the same anatomy: blurred by the Gaussian that fits `aligned` best, then
   mapped by a gain and an offset that vary smoothly (windows of `window_mm`), fitted inside `region`. `aligned` is the
   other image brought onto the reference; its noise is measured in `original`, which was not interpolated.
   `blur_mm` gets the blur, `noise` the standard deviation of white noise that the result lacks.
   Returns 0, or -1 when memory runs out. */
int ck_match_look(const float *reference, const float *aligned, const float *original, const uint8_t *region,
                  const int64_t size[3], const double spacing[3], double window_mm, int threads, float *matched,
                  double *blur_mm, double *noise);

/* Adds nearly normal white noise drawn from a seed, one number a voxel. */
void ck_add_noise(float *image, int64_t n, double sigma, uint64_t seed);

#endif
