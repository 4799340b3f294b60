#pragma STDC FP_CONTRACT OFF
#include <string.h>

#include "aphidiff_math.h"
#include "ck_aphidiff.h"

CK_CLONES
void ck_activate(const float *x, int64_t count, float gain, float *out) {
    if (gain > 0)
        for (int64_t i = 0; i < count; i++) out[i] = ck_silu(x[i]) * gain;
    else if (out != x)
        memcpy(out, x, sizeof(float) * (size_t)count);
}

enum { CHUNK = 512 };

static inline __attribute__((always_inline)) void quantise_plain(
    const float *x, int count, float inverse_scale, float low, float high, float zero, uint8_t *out) {
    for (int i = 0; i < count; i++) {
        float a = x[i] * inverse_scale;
        /* Written so that a NaN becomes the lowest value. */
        a = a > low ? a : low;
        a = a < high ? a : high;
        out[i] = (uint8_t)(int32_t)(ck_round(a) + zero);
    }
}

/* SiLU first, in pieces that stay in the first-level cache: two short loops vectorise better than a long one. */
static inline __attribute__((always_inline)) void quantise_run(
    const float *x, int count, float gain, float inverse_scale, float low, float high, float zero, uint8_t *out) {
    if (!(gain > 0)) {
        quantise_plain(x, count, inverse_scale, low, high, zero, out);
        return;
    }
    float activated[CHUNK];
    const float factor = gain * inverse_scale;
    for (int first = 0; first < count; first += CHUNK) {
        const int here = count - first < CHUNK ? count - first : CHUNK;
        for (int i = 0; i < here; i++) activated[i] = ck_silu(x[first + i]);
        quantise_plain(activated, here, factor, low, high, zero, out + first);
    }
}

CK_CLONES
void ck_quantise(
    const float *x, int images, int height, int width, int channels, int stride, float gain, float inverse_scale, int zero,
    int border, uint8_t *out) {
    const int64_t row_bytes = (int64_t)(width + 2 * border) * stride;
    const float low = (float)-zero, high = (float)(255 - zero);
    for (int image = 0; image < images; image++)
        for (int y = -border; y < height + border; y++) {
            uint8_t *row = out + ((int64_t)image * (height + 2 * border) + y + border) * row_bytes;
            if (y < 0 || y >= height) {
                memset(row, zero, (size_t)row_bytes);
                continue;
            }
            memset(row, zero, (size_t)border * (size_t)stride);
            memset(row + (int64_t)(width + border) * stride, zero, (size_t)border * (size_t)stride);
            const float *from = x + ((int64_t)image * height + y) * width * channels;
            uint8_t *to = row + (int64_t)border * stride;
            if (stride == channels) {
                quantise_run(from, width * channels, gain, inverse_scale, low, high, (float)zero, to);
            } else
                for (int p = 0; p < width; p++) {
                    quantise_run(
                        from + (int64_t)p * channels, channels, gain, inverse_scale, low, high, (float)zero,
                        to + (int64_t)p * stride);
                    memset(to + (int64_t)p * stride + channels, zero, (size_t)(stride - channels));
                }
        }
}

void ck_weight_sums(const int8_t *weights, int outputs, int64_t per_output, int32_t *sums) {
    for (int o = 0; o < outputs; o++) {
        int32_t sum = 0;
        for (int64_t i = 0; i < per_output; i++) sum += weights[(int64_t)o * per_output + i];
        sums[o] = sum;
    }
}

CK_CLONES
void ck_finish_integers(
    const int32_t *sums, const int32_t *correction, int64_t pixels, int channels, const ck_epilogue_t *e) {
    for (int64_t p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) {
            const int64_t at = p * channels + c;
            const int32_t sum = correction ? sums[at] - correction[c] : sums[at];
            const float y = (float)sum * e->scale[c] + e->bias[c];
            e->out[at] = e->residual ? e->keep * e->residual[at] + y : y;
        }
}

CK_CLONES
void ck_finish_floats(const float *sums, int64_t pixels, int channels, const ck_epilogue_t *e) {
    for (int64_t p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) {
            const int64_t at = p * channels + c;
            const float y = sums[at] * e->scale[c] + e->bias[c];
            e->out[at] = e->residual ? e->keep * e->residual[at] + y : y;
        }
}

CK_CLONES
void ck_gate(const float *gp, const float *gm, const float *pm, int64_t pixels, int channels, float *out) {
    for (int64_t p = 0; p < pixels; p++) {
        const float *gate = gp + p * 2 * channels, *projection = gate + channels;
        float *to = out + p * channels;
        for (int c = 0; c < channels; c++) {
            const float g = ck_sigmoid(gate[c] + gm[c]);
            to[c] = g * projection[c] + (1 - g) * pm[c];
        }
    }
}
