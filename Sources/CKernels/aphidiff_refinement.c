#pragma STDC FP_CONTRACT OFF
#include <string.h>

#include "aphidiff_plane.h"
#include "ck_aphidiff_volume.h"

enum { LEVELS = CK_REFINEMENT_LEVELS, KEPT = LEVELS + 1, FEATURES = CK_REFINEMENT_FEATURES, BLOCK = 64, MAXIMUM_HIDDEN = 64 };

static inline __attribute__((always_inline)) int inside(int n, int count) { return n < 0 ? 0 : n < count ? n : count - 1; }

/* Mean with the weights 1/4, 1/2, 1/4 of pixels `distance` apart, along rows, then columns; the border is repeated. */
static inline __attribute__((always_inline)) void smooth(
    const float *restrict in, int height, int width, int distance, float *restrict rows, float *restrict out) {
    for (int y = 0; y < height; y++) {
        const float *from = in + (int64_t)y * width;
        float *to = rows + (int64_t)y * width;
        const int first = distance < width ? distance : width, end = width - distance > first ? width - distance : first;
        for (int x = 0; x < first; x++) to[x] = 0.5f * from[x] + 0.25f * (from[inside(x - distance, width)] + from[inside(x + distance, width)]);
        for (int x = first; x < end; x++) to[x] = 0.5f * from[x] + 0.25f * (from[x - distance] + from[x + distance]);
        for (int x = end; x < width; x++) to[x] = 0.5f * from[x] + 0.25f * (from[inside(x - distance, width)] + from[inside(x + distance, width)]);
    }
    for (int y = 0; y < height; y++) {
        const float *at = rows + (int64_t)y * width;
        const float *low = rows + (int64_t)inside(y - distance, height) * width, *high = rows + (int64_t)inside(y + distance, height) * width;
        float *to = out + (int64_t)y * width;
        for (int x = 0; x < width; x++) to[x] = 0.5f * at[x] + 0.25f * (low[x] + high[x]);
    }
}

/* Details of a plane, fine to coarse, times the gain, and the rest: KEPT planes. */
static inline __attribute__((always_inline)) void decompose(
    const float *image, int height, int width, float gain, float *rows, float *planes) {
    const int64_t count = (int64_t)height * width;
    const float *from = image;
    for (int level = 0; level < LEVELS; level++) {
        /* The plane after the details of this level holds what is left, until the next level replaces it. */
        float *rest = planes + (level + 1) * count, *detail = planes + level * count;
        smooth(from, height, width, 1 << level, rows, rest);
        for (int64_t i = 0; i < count; i++) detail[i] = gain * (from[i] - rest[i]);
        from = rest;
    }
}

CK_CLONES
void ck_refine_image(
    float *image, const float *const slices[3], int height, int width, int radius, float threshold, const ck_refinement_t *refinement,
    float *work) {
    const int64_t count = (int64_t)height * width;
    const int hidden = refinement->hidden;
    if (hidden > MAXIMUM_HIDDEN) return;
    float *own = work, *near = own + KEPT * count, *made = near + KEPT * count, *rows = made + KEPT * count, *spare = rows + count;
    for (int64_t i = 0; i < count; i++) spare[i] = ((slices[0][i] + slices[1][i]) + slices[2][i]) / 3.0f;
    box_rows(spare, height, width, radius, rows);
    box_columns(rows, height, width, radius, spare);
    float centre[2], spread[2];
    body_place(spare, height, width, threshold, centre, spread);
    decompose(slices[1], height, width, refinement->gain, rows, own);
    for (int64_t i = 0; i < count; i++) spare[i] = 0.5f * (slices[0][i] + slices[2][i]);
    decompose(spare, height, width, refinement->gain, rows, near);
    for (int stage = 0; stage < refinement->stages; stage++) {
        const float *weights = refinement->weights + (int64_t)stage * hidden * FEATURES, *bias = refinement->bias + stage * hidden;
        const float *out = refinement->out + stage * hidden;
        decompose(image, height, width, refinement->gain, rows, made);
        for (int y = 0; y < height; y++) {
            const float row = ((float)y - centre[0]) / spread[0];
            if (!(fabsf(row) <= refinement->reach)) continue;
            for (int start = 0; start < width; start += BLOCK) {
                const int length = width - start < BLOCK ? width - start : BLOCK;
                const int64_t at = (int64_t)y * width + start;
                float features[FEATURES][BLOCK], sum[BLOCK], change[BLOCK], column[BLOCK];
                int any = 0;
                memset(features, 0, sizeof features);
                for (int x = 0; x < length; x++) {
                    column[x] = fabsf(((float)(start + x) - centre[1]) / spread[1]);
                    any |= column[x] <= refinement->reach;
                }
                if (!any) continue;
                for (int n = 0; n < KEPT; n++) {
                    memcpy(features[n], own + n * count + at, (size_t)length * sizeof(float));
                    memcpy(features[KEPT + n], near + n * count + at, (size_t)length * sizeof(float));
                    memcpy(features[2 * KEPT + n], made + n * count + at, (size_t)length * sizeof(float));
                }
                for (int x = 0; x < length; x++) {
                    features[3 * KEPT][x] = image[at + x];
                    features[3 * KEPT + 1][x] = slices[1][at + x];
                    features[3 * KEPT + 2][x] = row;
                    features[3 * KEPT + 3][x] = column[x];
                }
                for (int x = 0; x < BLOCK; x++) change[x] = refinement->shift[stage];
                for (int h = 0; h < hidden; h++) {
                    for (int x = 0; x < BLOCK; x++) sum[x] = bias[h];
                    for (int f = 0; f < FEATURES; f++) {
                        const float w = weights[h * FEATURES + f];
                        for (int x = 0; x < BLOCK; x++) sum[x] += w * features[f][x];
                    }
                    for (int x = 0; x < BLOCK; x++) change[x] += out[h] * (sum[x] > 0 ? sum[x] : 0);
                }
                for (int x = 0; x < length; x++)
                    if (column[x] <= refinement->reach) image[at + x] += change[x];
            }
        }
    }
}
