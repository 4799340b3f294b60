#pragma STDC FP_CONTRACT OFF
#include "ck_parallel.h"
#include "registration_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

ck_grid_t ck_grid_blocks(const ck_grid_t *grid, const int64_t f[3]) {
    ck_grid_t blocks;
    for (int axis = 0; axis < 3; axis++) {
        blocks.n[axis] = (grid->n[axis] + f[axis] - 1) / f[axis];
        blocks.step[axis] = grid->step[axis] * (double)f[axis];
    }
    return blocks;
}

void ck_grid_factors(const ck_grid_t *grid, double mm, int64_t f[3]) {
    for (int axis = 0; axis < 3; axis++) {
        f[axis] = (int64_t)floor(mm / grid->step[axis] + 0.5);
        if (f[axis] > grid->n[axis]) f[axis] = grid->n[axis];
        if (f[axis] < 1) f[axis] = 1;
    }
}

typedef struct {
    const float *values;
    float *means;
    ck_grid_t grid, blocks;
    int64_t f[3];
} mean_t;

static void mean_plane(void *context, int64_t bz) {
    const mean_t *work = context;
    const int64_t *n = work->grid.n, *f = work->f;
    const int64_t z1 = bz * f[2] + f[2] < n[2] ? bz * f[2] + f[2] : n[2];
    for (int64_t by = 0; by < work->blocks.n[1]; by++) {
        const int64_t y1 = by * f[1] + f[1] < n[1] ? by * f[1] + f[1] : n[1];
        float *row = work->means + work->blocks.n[0] * (by + work->blocks.n[1] * bz);
        for (int64_t bx = 0; bx < work->blocks.n[0]; bx++) {
            const int64_t x1 = bx * f[0] + f[0] < n[0] ? bx * f[0] + f[0] : n[0];
            float sum = 0;
            int64_t count = 0;
            for (int64_t z = bz * f[2]; z < z1; z++)
                for (int64_t y = by * f[1]; y < y1; y++) {
                    const float *in = work->values + n[0] * (y + n[1] * z);
                    for (int64_t x = bx * f[0]; x < x1; x++) sum += in[x];
                    count += x1 - bx * f[0];
                }
            row[bx] = sum / (float)count;
        }
    }
}

void ck_grid_mean(const float *values, const ck_grid_t *grid, const int64_t f[3], int threads, float *means) {
    mean_t work = {values, means, *grid, ck_grid_blocks(grid, f), {f[0], f[1], f[2]}};
    ck_parallel_for(work.blocks.n[2], threads, mean_plane, &work);
}

typedef struct {
    const float *in;
    float *out;
    ck_grid_t grid;
    const float *taps;
    int64_t radius;
} smooth_t;

CK_CLONES static void smooth_x(const float *restrict in, float *restrict out, int64_t n, const float *restrict taps,
                               int64_t radius) {
    for (int64_t x = 0; x < n; x++) out[x] = taps[0] * in[x];
    for (int64_t t = 1; t <= radius && t < n; t++) {
        const float w = taps[t];
        for (int64_t x = 0; x < n - t; x++) out[x] += w * in[x + t];
        for (int64_t x = t; x < n; x++) out[x] += w * in[x - t];
    }
}

/* Sums rows that lie `stride` apart: along y or z. */
CK_CLONES static void smooth_rows(const float *restrict in, float *restrict out, int64_t length, int64_t index,
                                  int64_t n, int64_t stride, const float *restrict taps, int64_t radius) {
    for (int64_t x = 0; x < length; x++) out[x] = taps[0] * in[x];
    for (int64_t t = 1; t <= radius; t++) {
        const float w = taps[t];
        if (index + t < n)
            for (int64_t x = 0; x < length; x++) out[x] += w * in[x + t * stride];
        if (index - t >= 0)
            for (int64_t x = 0; x < length; x++) out[x] += w * in[x - t * stride];
    }
}

static void smooth_plane_xy(void *context, int64_t item) {
    const smooth_t *work = context;
    const int64_t nx = work->grid.n[0], ny = work->grid.n[1], plane = nx * ny;
    const float *in = work->in + item * plane;
    float *out = work->out + item * plane;
    for (int64_t y = 0; y < ny; y++) smooth_x(in + nx * y, out + nx * y, nx, work->taps, work->radius);
}

static void smooth_plane_y(void *context, int64_t item) {
    const smooth_t *work = context;
    const int64_t nx = work->grid.n[0], ny = work->grid.n[1], plane = nx * ny;
    for (int64_t y = 0; y < ny; y++)
        smooth_rows(work->in + item * plane + nx * y, work->out + item * plane + nx * y, nx, y, ny, nx, work->taps,
                    work->radius);
}

static void smooth_plane_z(void *context, int64_t item) {
    const smooth_t *work = context;
    const int64_t plane = work->grid.n[0] * work->grid.n[1], nz = work->grid.n[2];
    smooth_rows(work->in + item * plane, work->out + item * plane, plane, item % nz, nz, plane, work->taps,
                work->radius);
}

static int64_t gaussian_taps(double sigma, int64_t n, float **taps) {
    int64_t radius = (int64_t)ceil(3.0 * sigma);
    if (radius > n - 1) radius = n - 1;
    if (radius < 0) radius = 0;
    *taps = malloc(sizeof(float) * (size_t)(radius + 1));
    if (!*taps) return -1;
    double sum = 0;
    for (int64_t t = 0; t <= radius; t++) {
        const double w = sigma > 0 ? exp(-0.5 * (double)(t * t) / (sigma * sigma)) : (t == 0 ? 1.0 : 0.0);
        (*taps)[t] = (float)w;
        sum += t ? 2 * w : w;
    }
    for (int64_t t = 0; t <= radius; t++) (*taps)[t] = (float)((*taps)[t] / sum);
    return radius;
}

int ck_grid_smooth(float *values, float *scratch, int count, const ck_grid_t *grid, double sigma_mm, int threads) {
    void (*passes[3])(void *, int64_t) = {smooth_plane_xy, smooth_plane_y, smooth_plane_z};
    const int64_t planes = grid->n[2] * count;
    float *from = values, *to = scratch;
    for (int axis = 0; axis < 3; axis++) {
        float *taps = NULL;
        const int64_t radius = gaussian_taps(sigma_mm / grid->step[axis], grid->n[axis], &taps);
        if (radius < 0) return -1;
        smooth_t work = {from, to, *grid, taps, radius};
        ck_parallel_for(planes, threads, passes[axis], &work);
        free(taps);
        float *swap = from;
        from = to;
        to = swap;
    }
    /* Three passes end in the scratch. */
    memcpy(values, scratch, sizeof(float) * (size_t)(ck_grid_count(grid) * count));
    return 0;
}

int ck_taps_make(ck_taps_t taps[3], const ck_grid_t *from, const ck_grid_t *to) {
    for (int axis = 0; axis < 3; axis++) taps[axis] = (ck_taps_t){NULL, NULL};
    for (int axis = 0; axis < 3; axis++) {
        const int64_t n = to->n[axis], m = from->n[axis];
        taps[axis].index = malloc(sizeof(int32_t) * 4 * (size_t)n);
        taps[axis].weight = malloc(sizeof(float) * 4 * (size_t)n);
        if (!taps[axis].index || !taps[axis].weight) {
            ck_taps_free(taps);
            return -1;
        }
        const double ratio = to->step[axis] / from->step[axis];
        for (int64_t k = 0; k < n; k++) {
            double p = ((double)k + 0.5) * ratio - 0.5;
            if (p < 0) p = 0;
            if (p > (double)(m - 1)) p = (double)(m - 1);
            const double base = floor(p), t = p - base;
            const double w[4] = {0.5 * t * (t * (2 - t) - 1), 0.5 * (t * t * (3 * t - 5) + 2),
                                 0.5 * t * (t * (4 - 3 * t) + 1), 0.5 * t * t * (t - 1)};
            for (int tap = 0; tap < 4; tap++) {
                int64_t at = (int64_t)base + tap - 1;
                if (at < 0) at = 0;
                if (at > m - 1) at = m - 1;
                taps[axis].index[4 * k + tap] = (int32_t)at;
                taps[axis].weight[4 * k + tap] = (float)w[tap];
            }
        }
    }
    return 0;
}

void ck_taps_free(ck_taps_t taps[3]) {
    for (int axis = 0; axis < 3; axis++) {
        free(taps[axis].index);
        free(taps[axis].weight);
        taps[axis] = (ck_taps_t){NULL, NULL};
    }
}

CK_CLONES static void combine(const float *const in[4], const float *w, int64_t n, float *restrict out) {
    const float *a = in[0], *b = in[1], *c = in[2], *d = in[3];
    const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    for (int64_t x = 0; x < n; x++) out[x] = (w0 * a[x] + w1 * b[x]) + (w2 * c[x] + w3 * d[x]);
}

void ck_taps_plane(const ck_taps_t taps[3], const float *values, const ck_grid_t *from, int64_t z, float *plane) {
    const int64_t size = from->n[0] * from->n[1];
    const float *in[4];
    for (int tap = 0; tap < 4; tap++) in[tap] = values + size * taps[2].index[4 * z + tap];
    combine(in, taps[2].weight + 4 * z, size, plane);
}

void ck_taps_row(const ck_taps_t taps[3], const float *plane, const ck_grid_t *from, const ck_grid_t *to, int64_t y,
                 float *scratch, float *row) {
    const float *in[4];
    for (int tap = 0; tap < 4; tap++) in[tap] = plane + from->n[0] * taps[1].index[4 * y + tap];
    combine(in, taps[1].weight + 4 * y, from->n[0], scratch);
    const int32_t *index = taps[0].index;
    const float *w = taps[0].weight;
    for (int64_t x = 0; x < to->n[0]; x++, index += 4, w += 4)
        row[x] = (w[0] * scratch[index[0]] + w[1] * scratch[index[1]]) +
                 (w[2] * scratch[index[2]] + w[3] * scratch[index[3]]);
}

typedef struct {
    const float *values;
    float *result, *scratch;
    ck_grid_t from, to;
    const ck_taps_t *taps;
} resample_t;

static void resample_plane(void *context, int64_t z) {
    const resample_t *work = context;
    float *plane = work->scratch + z * (work->from.n[0] * (work->from.n[1] + 1));
    float *row = plane + work->from.n[0] * work->from.n[1];
    ck_taps_plane(work->taps, work->values, &work->from, z, plane);
    for (int64_t y = 0; y < work->to.n[1]; y++)
        ck_taps_row(work->taps, plane, &work->from, &work->to, y, row,
                    work->result + work->to.n[0] * (y + work->to.n[1] * z));
}

int ck_grid_resample(const float *values, const ck_grid_t *from, const ck_grid_t *to, int threads, float *result) {
    ck_taps_t taps[3];
    if (ck_taps_make(taps, from, to)) return -1;
    float *scratch = malloc(sizeof(float) * (size_t)(to->n[2] * from->n[0] * (from->n[1] + 1)));
    if (scratch) {
        resample_t work = {values, result, scratch, *from, *to, taps};
        ck_parallel_for(to->n[2], threads, resample_plane, &work);
    }
    free(scratch);
    ck_taps_free(taps);
    return scratch ? 0 : -1;
}
