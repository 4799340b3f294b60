#pragma STDC FP_CONTRACT OFF
#include "ck_vesselness.h"
#include "ck_parallel.h"
#include "registration_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const float *smooth;
    const uint8_t *mask;
    float *response;
    ck_grid_t grid;
    float weight; /* sigma^2, negative for dark tubes: the eigenvalues then change sign */
} sato_t;

/* Eigenvalues by the cosine of a third of an angle: c is the root of 4 c^3 - 3 c = r in [1/2, 1], found by Newton's
   method from above, where the polynomial is convex. No function of the C library beyond the root, so that the bits are
   the same everywhere. */
CK_CLONES static void sato_row(const float *restrict v, const uint8_t *restrict mask, float *restrict out, int64_t n,
                               int64_t row, int64_t plane, const float s[3], float weight) {
    const float xx = weight * s[0] * s[0], yy = weight * s[1] * s[1], zz = weight * s[2] * s[2];
    const float xy = 0.25f * weight * s[0] * s[1], xz = 0.25f * weight * s[0] * s[2], yz = 0.25f * weight * s[1] * s[2];
    for (int64_t x = 1; x < n - 1; x++) {
        const float centre = 2 * v[x];
        const float a = xx * ((v[x - 1] + v[x + 1]) - centre);
        const float d = yy * ((v[x - row] + v[x + row]) - centre);
        const float f = zz * ((v[x - plane] + v[x + plane]) - centre);
        const float b = xy * ((v[x + 1 + row] + v[x - 1 - row]) - (v[x + 1 - row] + v[x - 1 + row]));
        const float c = xz * ((v[x + 1 + plane] + v[x - 1 - plane]) - (v[x + 1 - plane] + v[x - 1 + plane]));
        const float e = yz * ((v[x + row + plane] + v[x - row - plane]) - (v[x + row - plane] + v[x - row + plane]));
        const float q = (a + d + f) / 3;
        const float aq = a - q, dq = d - q, fq = f - q;
        const float p2 = ((aq * aq + dq * dq) + fq * fq + 2 * ((b * b + c * c) + e * e)) / 6;
        const float p = sqrtf(p2) + 1e-30f;
        const float det = aq * (dq * fq - e * e) - b * (b * fq - e * c) + c * (b * e - dq * c);
        float r = det / (p * p * p) * 0.5f;
        r = r < -1 ? -1 : (r > 1 ? 1 : r);
        float w = 0.5f + sqrtf((1 + r) / 6);
        w = w > 1 ? 1 : w;
        for (int step = 0; step < 4; step++) {
            const float slope = 12 * w * w - 3;
            w -= (4 * w * w * w - 3 * w - r) / (slope > 1e-6f ? slope : 1e-6f);
            w = w < 0.5f ? 0.5f : (w > 1 ? 1 : w);
        }
        const float sine = sqrtf(1 - w * w);
        const float low = q - p * (w + 1.7320508f * sine);
        const float middle = q - p * (w - 1.7320508f * sine);
        const float tube = low < 0 && middle < 0 ? sqrtf(low * middle) : 0;
        const float value = mask[x] ? tube : 0;
        out[x] = out[x] > value ? out[x] : value;
    }
}

static void sato_plane(void *context, int64_t z) {
    const sato_t *work = context;
    const int64_t *n = work->grid.n, plane = n[0] * n[1];
    if (z < 1 || z >= n[2] - 1) return;
    const float s[3] = {(float)(1 / work->grid.step[0]), (float)(1 / work->grid.step[1]),
                        (float)(1 / work->grid.step[2])};
    for (int64_t y = 1; y < n[1] - 1; y++) {
        const int64_t at = n[0] * y + plane * z;
        if (!memchr(work->mask + at, 1, (size_t)n[0])) continue;
        sato_row(work->smooth + at, work->mask + at, work->response + at, n[0], n[0], plane, s, work->weight);
    }
}

int ck_sato(const float *image, const uint8_t *mask, const int64_t size[3], const double spacing[3],
            const double *sigmas_mm, int count, int dark, int threads, float *response) {
    const ck_grid_t grid = {{size[0], size[1], size[2]}, {spacing[0], spacing[1], spacing[2]}};
    const int64_t total = ck_grid_count(&grid);
    float *smooth = malloc(sizeof(float) * (size_t)(2 * total));
    if (!smooth) return -1;
    memset(response, 0, sizeof(float) * (size_t)total);
    int failed = 0;
    for (int scale = 0; scale < count && !failed; scale++) {
        const double sigma = sigmas_mm[scale];
        memcpy(smooth, image, sizeof(float) * (size_t)total);
        failed = ck_grid_smooth(smooth, smooth + total, 1, &grid, sigma, threads);
        sato_t work = {smooth, mask, response, grid, (float)((dark ? -1 : 1) * sigma * sigma)};
        if (!failed) ck_parallel_for(size[2], threads, sato_plane, &work);
    }
    free(smooth);
    return failed ? -1 : 0;
}

static int ascending(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int64_t ck_ranks(const float *values, const uint8_t *mask, int64_t n, const double *fractions, int count,
                 float *ranks) {
    int64_t inside = 0;
    for (int64_t at = 0; at < n; at++) inside += mask[at] && isfinite(values[at]);
    if (inside == 0) return 0;
    float *sorted = malloc(sizeof(float) * (size_t)inside);
    if (!sorted) return -1;
    int64_t next = 0;
    for (int64_t at = 0; at < n; at++)
        if (mask[at] && isfinite(values[at])) sorted[next++] = values[at];
    qsort(sorted, (size_t)inside, sizeof(float), ascending);
    for (int k = 0; k < count; k++) ranks[k] = sorted[(int64_t)floor(fractions[k] * (double)(inside - 1))];
    free(sorted);
    return inside;
}

typedef struct {
    const uint8_t *mask;
    uint8_t *eroded;
    const int64_t *n;
    const int32_t *ball; /* offsets of the ball, three per voxel */
    int64_t count;
} erode_t;

static void erode_plane(void *context, int64_t z) {
    const erode_t *work = context;
    const int64_t *n = work->n;
    for (int64_t y = 0; y < n[1]; y++)
        for (int64_t x = 0; x < n[0]; x++) {
            const int64_t at = x + n[0] * (y + n[1] * z);
            uint8_t inside = work->mask[at] != 0;
            for (int64_t k = 0; k < work->count && inside; k++) {
                const int64_t i = x + work->ball[3 * k], j = y + work->ball[3 * k + 1], l = z + work->ball[3 * k + 2];
                inside = i >= 0 && j >= 0 && l >= 0 && i < n[0] && j < n[1] && l < n[2] &&
                         work->mask[i + n[0] * (j + n[1] * l)] != 0;
            }
            work->eroded[at] = inside;
        }
}

int ck_erode_mm(const uint8_t *mask, const int64_t size[3], const double spacing[3], double mm, int threads,
                uint8_t *eroded) {
    int64_t reach[3], box = 1;
    for (int axis = 0; axis < 3; axis++) {
        reach[axis] = (int64_t)(mm / spacing[axis] + 1e-6);
        box *= 2 * reach[axis] + 1;
    }
    int32_t *ball = malloc(sizeof(int32_t) * 3 * (size_t)box);
    if (!ball) return -1;
    int64_t count = 0;
    for (int64_t z = -reach[2]; z <= reach[2]; z++)
        for (int64_t y = -reach[1]; y <= reach[1]; y++)
            for (int64_t x = -reach[0]; x <= reach[0]; x++) {
                const double d[3] = {(double)x * spacing[0], (double)y * spacing[1], (double)z * spacing[2]};
                if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] > mm * mm + 1e-6) continue;
                ball[3 * count] = (int32_t)x;
                ball[3 * count + 1] = (int32_t)y;
                ball[3 * count + 2] = (int32_t)z;
                count++;
            }
    erode_t work = {mask, eroded, size, ball, count};
    ck_parallel_for(size[2], threads, erode_plane, &work);
    free(ball);
    return 0;
}
