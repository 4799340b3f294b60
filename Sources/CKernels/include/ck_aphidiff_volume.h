/* Loops of the engine over volumes and full slices: conditional mean, deformation, resampling, classes. */
#ifndef CK_APHIDIFF_VOLUME_H
#define CK_APHIDIFF_VOLUME_H

#include "ck_common.h"

/* An axis of a table: number of nodes, values of the first and the last. */
typedef struct {
    int nodes;
    double first, last;
} ck_axis_t;

/* Piecewise linear and increasing map through `knots` points; clamped outside: out = map(x / divisor). */
void ck_encode(const float *x, int64_t count, const double *from, const double *to, int knots, float divisor, float *out);
/* The inverse with from and to exchanged: out = map(x) * factor. */
void ck_decode(const float *x, int64_t count, const double *from, const double *to, int knots, float factor, float *out);

/* What intensity, local mean and local spread say about the target. slices: the planes before, at and after; box of 2 * radius + 1 pixels cut
   off at the border; table: intensity × mean × spread, trilinear. work: 4 * height * width floats; the first height * width of them hold the
   local mean afterwards. */
void ck_conditional_mean(
    const float *const slices[3], int height, int width, int radius, const float *table, const ck_axis_t axes[3], float *work,
    float *out);

/* Four stages that correct the conditional mean in place: out += table(features), clamped to [-2, 2.2]. Stages 0 and 2 look at the value and its
   box means with the two radii, stages 1 and 3 at the value and at the place relative to the body, which is where local_mean exceeds the
   threshold. tables: 4 × stage_size. work: 3 * height * width floats. */
void ck_refine_mean(
    float *image, const float *local_mean, int height, int width, const int radii[2], float threshold, const float *tables,
    int64_t stage_size, float *work);

/* Wavelet levels of the refinement, and the features that its perceptrons see. */
enum { CK_REFINEMENT_LEVELS = 6, CK_REFINEMENT_FEATURES = 3 * (CK_REFINEMENT_LEVELS + 1) + 4 };

/* Perceptrons of one pair of series. weights: stage × hidden × features; bias and out: stage × hidden; shift: stage; at most 64 hidden. */
typedef struct {
    int stages, hidden;
    float gain, reach;
    const float *weights, *bias, *out, *shift;
} ck_refinement_t;

/* Refines a generated plane in place: image += out · relu(weights · features + bias) + shift, stage by stage, at pixels less than `reach`
   standard deviations of the body away from its middle. Features: undecimated wavelet details (times the gain) and rest of the source, of the mean of its neighbours
   and of the image; image, source, row, absolute column relative to the body, which is where the source's mean over the three slices and
   a box of `radius` exceeds the threshold. work: (3 * (levels + 1) + 2) * height * width floats. */
void ck_refine_image(
    float *image, const float *const slices[3], int height, int width, int radius, float threshold, const ck_refinement_t *refinement,
    float *work);

/* Bilinear resampling of a plane: output pixel (y, x) lies at input row y * step[0] + origin[0], column x * step[1] + origin[1]; outside of the
   input by more than half a pixel the value is `outside`, within it the border is repeated. */
void ck_resample_plane(
    const float *in, int height, int width, const double step[2], const double origin[2], float outside, float *out,
    int out_height, int out_width);

/* Class with the largest bilinear logit at each output pixel (as above); the first of equals. logits: channel 4 * class + 2 * row + column of
   a map of 2 * height × 2 * width pixels; outside: class 0. margins: for each output pixel and class its logit minus the largest of the other
   classes; outside: -infinity. */
void ck_classify_plane(
    const float *logits, int height, int width, int classes, const double step[2], const double origin[2], uint8_t *out,
    float *margins, int out_height, int out_width);

/* One depth plane of a 3-D convolution, zero padding, kernel 1 or 3, depth × height × width × channels; weights: tap × input × output;
   outputs at most 64. silu: whether to apply SiLU. */
void ck_convolve_volume_plane(
    const float *in, int depth, int height, int width, int inputs, const float *weights, const float *bias, int outputs,
    int kernel, int silu, int plane, float *out);

/* u(x + u(x)) + u(x) for one depth plane: components first (3 × depth × height × width, order k, j, i), cells; clamped at the border. */
void ck_compose_plane(const float *u, const int size[3], int plane, float *out);

/* One plane of the source at the target's positions. displacement: 3 × cells, in cells: voxel n lies at cell
   (n + 0.5) * rate[axis] - 0.5, and moves by u / rate voxels. size and steps: the source along k, j, i with its memory steps. */
void ck_warp_plane(
    const float *source, const int size[3], const int64_t step[3], const float *displacement, const int cells[3],
    const double rate[3], int plane, float *out);

#endif
