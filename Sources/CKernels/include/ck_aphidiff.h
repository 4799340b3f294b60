/* Loops of the embedded engine. Images are height × width × channels with channels fastest; `images` of them in a row.
   Every function runs on the calling thread and gives the same bits on every processor. */
#ifndef CK_APHIDIFF_H
#define CK_APHIDIFF_H

#include "ck_common.h"

/* What happens to a sum of products: out = keep * residual + (sum * scale[c] + bias[c]); residual may be NULL and may be out. */
typedef struct {
    const float *scale, *bias;
    const float *residual;
    float keep;
    float *out;
} ck_epilogue_t;

/* ---- Convolution of 8-bit integers, exact ---- */

typedef struct ck_conv ck_conv_t;

/* weights: outputs × kernel × kernel × inputs, kernel 1 or 3, inputs a multiple of 16. NULL when memory is short.
   3 × 3 runs as minimal filtering F(3×3, 3×3) in 16-bit integers where 36 times the largest possible sum fits 32 bits for these
   weights, and directly otherwise; both give the sums of the definition, bit for bit. */
ck_conv_t *ck_conv_create(const int8_t *weights, int outputs, int inputs, int kernel);
void ck_conv_destroy(ck_conv_t *conv);
/* Whether minimal filtering is used. */
int ck_conv_is_minimal(const ck_conv_t *conv);
size_t ck_conv_packed_bytes(const ck_conv_t *conv);
size_t ck_conv_scratch_bytes(const ck_conv_t *conv);
/* source: bytes with a border of kernel / 2 pixels; byte q stands for q - zero, and the border holds `zero`. */
void ck_conv_run(
    const ck_conv_t *conv, const uint8_t *source, int images, int height, int width, int zero, const ck_epilogue_t *epilogue,
    void *scratch);

/* The epilogue by itself: sums of pixels × channels; correction[c] is subtracted first (integers only, may be NULL). */
void ck_finish_integers(
    const int32_t *sums, const int32_t *correction, int64_t pixels, int channels, const ck_epilogue_t *epilogue);
void ck_finish_floats(const float *sums, int64_t pixels, int channels, const ck_epilogue_t *epilogue);

/* ---- Activations ---- */

/* out = silu(x) * gain when gain > 0, otherwise x. */
void ck_activate(const float *x, int64_t count, float gain, float *out);
/* Bytes of the activation: clamp(round(a * inverse_scale) + zero, 0, 255), half to even, with a border of `border` pixels of `zero`.
   Channels beyond `channels` up to `stride` are filled with `zero`. */
void ck_quantise(
    const float *x, int images, int height, int width, int channels, int stride, float gain, float inverse_scale, int zero,
    int border, uint8_t *out);
/* sum over i of (q - zero) is q's sum less this: zero * sum of weights, for each output. */
void ck_weight_sums(const int8_t *weights, int outputs, int64_t per_output, int32_t *sums);

/* ---- Elementwise and resolution ---- */

/* out = a * x + b * y. */
void ck_blend(const float *x, const float *y, int64_t count, float a, float b, float *out);
/* Mean over 2 × 2 pixels; height and width of the input, both even. */
void ck_halve(const float *x, int height, int width, int channels, float *out);
/* out = a * x + b * (y repeated 2 × 2 times); height and width of x and out. x may be out. */
void ck_blend_doubled(const float *x, const float *y, int height, int width, int channels, float a, float b, float *out);
/* Repeats each pixel 2 × 2 times into channels [at, at + channels) of an image with `stride` channels. */
void ck_double_into(const float *x, int height, int width, int channels, float *out, int stride, int at);
/* Copies channels [from, from + count) of an image with from_stride channels to channels at `at`, times gain[c] + offset[c] (NULL: 1, 0). */
void ck_copy_channels(
    const float *x, int64_t pixels, int from_stride, int from, int count, const float *gain, const float *offset, float *out,
    int to_stride, int at);
/* G = sigmoid(g + gm[c]); out = G * p + (1 - G) * pm[c]; g, p: pixels × stride with the gate first, then the projection. */
void ck_gate(const float *gp, const float *gm, const float *pm, int64_t pixels, int channels, float *out);

/* Adds an image of `channels` to channels [at, at + channels) of one with `stride` channels. */
void ck_add_channels(const float *x, int64_t pixels, int channels, float *out, int stride, int at);
/* x = estimate + ratio[c] * (x - estimate), x in the first `channels` of `stride` channels. */
void ck_advance(float *x, int stride, const float *estimate, int64_t pixels, int channels, const float *ratio);

/* ---- Wavelets ---- */

/* Two-level orthonormal Haar: height × width (multiples of 4) to height/4 × width/4 × 16 channels: LL2, LH2, HL2, HH2, then LH1, HL1, HH1
   by pixel_unshuffle. Written to channels [at, at + 16) of `stride`; then (value - mean[c]) * inverse_deviation[c]. */
void ck_haar_pack(
    const float *image, int height, int width, const float *mean, const float *inverse_deviation, float *out, int stride, int at);
/* The inverse: value * deviation[c] + mean[c] first. height and width of the image. */
void ck_haar_unpack(const float *bands, int height, int width, const float *mean, const float *deviation, float *image);

/* ---- Codes ---- */

/* For each vector the row of the codebook with the largest dot product; the first of equals wins, a NaN never does.
   At most 256 dimensions; each sum runs over the dimensions in order. */
void ck_nearest_code(const float *vectors, int64_t count, int dimensions, const float *codebook, int codes, int32_t *index);

/* ---- Attention over `tokens` vectors, heads of `depth`: qkv is tokens × (3 * heads * depth); q and k are normalised, q times root.
   lengths as sqrt(sum of squares + 1e-4); depth a multiple of 8; scores: 2 * tokens floats of working memory. ---- */
void ck_attention(const float *qkv, int tokens, int heads, int depth, float root, float *scores, float *out);

#endif
