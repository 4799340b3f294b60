/* Kernels of the image metrics. */
#ifndef CK_IMAGE_H
#define CK_IMAGE_H

#include "ck_common.h"

/* Window of the structural similarity. */
enum {
    CK_WINDOW_GAUSSIAN_11 = 0, /* 11 taps, sigma 1.5 */
    CK_WINDOW_UNIFORM_7 = 1    /* 7 equal taps */
};

/* What structural similarity is computed of, and how. Axes u, v span a plane, w stacks planes; any of the volume's
   axes can take any part. Windows that leave the volume are not evaluated. */
typedef struct {
    const float *generated, *reference;
    const uint8_t *region;  /* windows whose centre is non-zero here count; NULL: all */
    int64_t size[3];        /* voxels along u, v, w */
    int64_t stride[3];      /* steps in memory along u, v, w */
    int window;             /* CK_WINDOW_… */
    int depth;              /* 0: window in the plane only; 1: window over u, v, w */
    double clip_low, clip_high; /* values are clipped to these; infinite: not clipped */
    double origin;          /* subtracted from every value: what counts as black */
    double shift;           /* constant taken out before squares are formed; changes nothing but rounding */
    int fill_outside;       /* 1: voxels outside the region are replaced by `fill` first */
    double fill;
    double c1, c2;          /* constants of the formula, in squared image units */
    double covariance_scale; /* 1: population; n/(n-1): sample */
    double exponent;        /* 0: the map as it is; else the map, negative values set to 0, to this power */
} ck_ssim_t;

/* Sums the map over the counted windows: per plane w when depth is 0 (arrays of size[2]), in total when depth is 1
   (arrays of 1). Windows that see a value that is not a number are left out and counted in `dropped`.
   Returns 0, or -1 when memory runs out. */
int ck_ssim(const ck_ssim_t *problem, int threads, double *sums, int64_t *counts, int64_t *dropped);

enum { CK_SCALES = 5 };

/* Means of the structural similarity, to the power of each scale's weight, over five scales, as the SynthRAD 2025
   challenge computes them: values clipped to [low, high], `low` outside the region, counted from `low`; grids smaller
   than 97 continued by their edge; uniform windows of 7; halved by boxes of 2 that see 0 beyond the first voxel.
   A scale without a counted window has a count of 0. Returns 0, or -1 when memory runs out. */
int ck_ms_ssim(const float *generated, const float *reference, const uint8_t *region, const int64_t size[3], double low,
               double high, int threads, double means[CK_SCALES], int64_t counts[CK_SCALES]);

/* Sums over the counted voxels of a pair of images, for errors inside a structure. */
typedef struct {
    int64_t count;      /* counted voxels */
    int64_t not_finite; /* counted voxels where either image is NaN or infinite; the sums leave them out */
    double difference, absolute_difference, squared_difference; /* generated minus reference */
    double generated, reference;
} ck_error_sums_t;

/* Sums over the voxels with a non-zero region (NULL: all), after clipping both images to [low, high].
   Returns 0, or -1 when memory runs out. */
int ck_error_sums(const float *generated, const float *reference, const uint8_t *region, int64_t n, double low,
                  double high, int threads, ck_error_sums_t *sums);

/* Sums of squares and products about the given means, over the counted voxels. Returns 0 or -1 as above. */
int ck_central_moments(const float *generated, const float *reference, const uint8_t *region, int64_t n,
                       double generated_mean, double reference_mean, int threads, double *generated_square,
                       double *reference_square, double *product);

/* Joint histogram of the counted voxels in bins x bins cells that divide [low, high] evenly; values beyond go to the
   outermost cells. histogram[reference_bin * bins + generated_bin]; bins at most 256. Returns 0 or -1 as above. */
int ck_joint_histogram(const float *generated, const float *reference, const uint8_t *region, int64_t n, double low,
                       double high, int bins, int threads, int64_t *histogram);

#endif
