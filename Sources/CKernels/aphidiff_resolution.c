#pragma STDC FP_CONTRACT OFF
#include "ck_aphidiff.h"

CK_CLONES
void ck_blend(const float *x, const float *y, int64_t count, float a, float b, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = a * x[i] + b * y[i];
}

CK_CLONES
void ck_halve(const float *x, int height, int width, int channels, float *out) {
    const int64_t row = (int64_t)width * channels;
    for (int y = 0; y < height / 2; y++)
        for (int p = 0; p < width / 2; p++) {
            const float *a = x + 2 * y * row + (int64_t)2 * p * channels, *b = a + channels, *c = a + row, *d = c + channels;
            float *to = out + ((int64_t)y * (width / 2) + p) * channels;
            for (int i = 0; i < channels; i++) to[i] = 0.25f * ((a[i] + b[i]) + (c[i] + d[i]));
        }
}

CK_CLONES
void ck_blend_doubled(const float *x, const float *y, int height, int width, int channels, float a, float b, float *out) {
    for (int v = 0; v < height; v++)
        for (int p = 0; p < width; p++) {
            const int64_t at = ((int64_t)v * width + p) * channels;
            const float *small = y + ((int64_t)(v / 2) * (width / 2) + p / 2) * channels;
            for (int c = 0; c < channels; c++) out[at + c] = a * x[at + c] + b * small[c];
        }
}

CK_CLONES
void ck_double_into(const float *x, int height, int width, int channels, float *out, int stride, int at) {
    for (int v = 0; v < 2 * height; v++)
        for (int p = 0; p < 2 * width; p++) {
            const float *from = x + ((int64_t)(v / 2) * width + p / 2) * channels;
            float *to = out + ((int64_t)v * 2 * width + p) * stride + at;
            for (int c = 0; c < channels; c++) to[c] = from[c];
        }
}

CK_CLONES
void ck_copy_channels(
    const float *x, int64_t pixels, int from_stride, int from, int count, const float *gain, const float *offset, float *out,
    int to_stride, int at) {
    for (int64_t p = 0; p < pixels; p++) {
        const float *source = x + p * from_stride + from;
        float *to = out + p * to_stride + at;
        if (gain && offset)
            for (int c = 0; c < count; c++) to[c] = source[c] * gain[c] + offset[c];
        else if (gain)
            for (int c = 0; c < count; c++) to[c] = source[c] * gain[c];
        else
            for (int c = 0; c < count; c++) to[c] = source[c];
    }
}

CK_CLONES
void ck_add_channels(const float *x, int64_t pixels, int channels, float *out, int stride, int at) {
    for (int64_t p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) out[p * stride + at + c] += x[p * channels + c];
}

CK_CLONES
void ck_advance(float *x, int stride, const float *estimate, int64_t pixels, int channels, const float *ratio) {
    for (int64_t p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) {
            const float clean = estimate[p * channels + c];
            x[p * stride + c] = clean + ratio[c] * (x[p * stride + c] - clean);
        }
}
