#pragma STDC FP_CONTRACT OFF
#include "ck_aphidiff.h"

/* Orthonormal Haar of 2 × 2 values: mean (LL), then the difference along x (LH), along y (HL), and of both (HH). */
#define HAAR(a, b, c, d, ll, lh, hl, hh)                         \
    do {                                                         \
        const float s0 = a + b, s1 = c + d, t0 = a - b, t1 = c - d; \
        ll = (s0 + s1) * 0.5f;                                   \
        lh = (t0 + t1) * 0.5f;                                   \
        hl = (s0 - s1) * 0.5f;                                   \
        hh = (t0 - t1) * 0.5f;                                   \
    } while (0)

CK_CLONES
void ck_haar_pack(
    const float *image, int height, int width, const float *mean, const float *inverse_deviation, float *out, int stride, int at) {
    for (int y = 0; y < height / 4; y++)
        for (int x = 0; x < width / 4; x++) {
            float coarse[4], bands[16];
            for (int q = 0; q < 4; q++) {
                const float *p = image + (int64_t)(4 * y + 2 * (q / 2)) * width + 4 * x + 2 * (q % 2);
                /* pixel_unshuffle: band 4 * detail + position. */
                HAAR(p[0], p[1], p[width], p[width + 1], coarse[q], bands[4 + q], bands[8 + q], bands[12 + q]);
            }
            HAAR(coarse[0], coarse[1], coarse[2], coarse[3], bands[0], bands[1], bands[2], bands[3]);
            float *to = out + ((int64_t)y * (width / 4) + x) * stride + at;
            for (int c = 0; c < 16; c++) to[c] = (bands[c] - mean[c]) * inverse_deviation[c];
        }
}

CK_CLONES
void ck_haar_unpack(const float *bands, int height, int width, const float *mean, const float *deviation, float *image) {
    for (int y = 0; y < height / 4; y++)
        for (int x = 0; x < width / 4; x++) {
            const float *from = bands + ((int64_t)y * (width / 4) + x) * 16;
            float b[16], coarse[4];
            for (int c = 0; c < 16; c++) b[c] = from[c] * deviation[c] + mean[c];
            /* The transform is its own inverse. */
            HAAR(b[0], b[1], b[2], b[3], coarse[0], coarse[1], coarse[2], coarse[3]);
            for (int q = 0; q < 4; q++) {
                float *p = image + (int64_t)(4 * y + 2 * (q / 2)) * width + 4 * x + 2 * (q % 2);
                HAAR(coarse[q], b[4 + q], b[8 + q], b[12 + q], p[0], p[1], p[width], p[width + 1]);
            }
        }
}
