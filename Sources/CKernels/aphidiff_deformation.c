#pragma STDC FP_CONTRACT OFF
#include <string.h>

#include "aphidiff_math.h"
#include "ck_aphidiff_volume.h"

enum { MAXIMUM_OUTPUTS = 64 };

CK_CLONES
void ck_convolve_volume_plane(
    const float *in, int depth, int height, int width, int inputs, const float *weights, const float *bias, int outputs,
    int kernel, int silu, int plane, float *out) {
    float sums[MAXIMUM_OUTPUTS];
    const int reach = kernel / 2;
    if (outputs > MAXIMUM_OUTPUTS) return;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            memcpy(sums, bias, sizeof(float) * (size_t)outputs);
            for (int dz = -reach; dz <= reach; dz++)
                for (int dy = -reach; dy <= reach; dy++)
                    for (int dx = -reach; dx <= reach; dx++) {
                        const int k = plane + dz, j = y + dy, i = x + dx;
                        if (k < 0 || k >= depth || j < 0 || j >= height || i < 0 || i >= width) continue;
                        const int tap = ((dz + reach) * kernel + dy + reach) * kernel + dx + reach;
                        const float *from = in + (((int64_t)k * height + j) * width + i) * inputs;
                        const float *w = weights + (int64_t)tap * inputs * outputs;
                        for (int c = 0; c < inputs; c++) {
                            const float value = from[c];
                            for (int o = 0; o < outputs; o++) sums[o] += value * w[c * outputs + o];
                        }
                    }
            float *to = out + (((int64_t)plane * height + y) * width + x) * outputs;
            for (int o = 0; o < outputs; o++) to[o] = silu ? ck_silu(sums[o]) : sums[o];
        }
}

/* Where a position lies between two samples of an axis, clamped at its ends. */
static inline __attribute__((always_inline)) void bracket(float at, int count, int *low, int *high, float *fraction) {
    const float last = (float)(count - 1);
    at = at > 0 ? at : 0;
    at = at < last ? at : last;
    *low = (int)at;
    *high = *low + 1 < count ? *low + 1 : *low;
    *fraction = at - (float)*low;
}

typedef struct {
    int64_t corner[8];
    float f[3];
} place_t;

static inline __attribute__((always_inline)) place_t place(
    float k, float j, float i, const int size[3], const int64_t step[3]) {
    place_t p;
    int low[3], high[3];
    bracket(k, size[0], &low[0], &high[0], &p.f[0]);
    bracket(j, size[1], &low[1], &high[1], &p.f[1]);
    bracket(i, size[2], &low[2], &high[2], &p.f[2]);
    for (int n = 0; n < 8; n++)
        p.corner[n] = (n & 4 ? high[0] : low[0]) * step[0] + (n & 2 ? high[1] : low[1]) * step[1]
            + (n & 1 ? high[2] : low[2]) * step[2];
    return p;
}

static inline __attribute__((always_inline)) float value_at(const float *v, const place_t *p) {
    const float a = v[p->corner[0]] + p->f[2] * (v[p->corner[1]] - v[p->corner[0]]);
    const float b = v[p->corner[2]] + p->f[2] * (v[p->corner[3]] - v[p->corner[2]]);
    const float c = v[p->corner[4]] + p->f[2] * (v[p->corner[5]] - v[p->corner[4]]);
    const float d = v[p->corner[6]] + p->f[2] * (v[p->corner[7]] - v[p->corner[6]]);
    const float near = a + p->f[1] * (b - a), far = c + p->f[1] * (d - c);
    return near + p->f[0] * (far - near);
}

void ck_compose_plane(const float *u, const int size[3], int plane, float *out) {
    const int64_t step[3] = {(int64_t)size[1] * size[2], size[2], 1}, all = size[0] * step[0];
    for (int y = 0; y < size[1]; y++)
        for (int x = 0; x < size[2]; x++) {
            const int64_t at = plane * step[0] + y * step[1] + x;
            const place_t p =
                place((float)plane + u[at], (float)y + u[all + at], (float)x + u[2 * all + at], size, step);
            for (int c = 0; c < 3; c++) out[c * all + at] = u[c * all + at] + value_at(u + c * all, &p);
        }
}

void ck_warp_plane(
    const float *source, const int size[3], const int64_t step[3], const float *displacement, const int cells[3],
    const double rate[3], int plane, float *out) {
    const int64_t cell_step[3] = {(int64_t)cells[1] * cells[2], cells[2], 1}, all = cells[0] * cell_step[0];
    const float k = (float)((plane + 0.5) * rate[0] - 0.5);
    const float per[3] = {(float)(1 / rate[0]), (float)(1 / rate[1]), (float)(1 / rate[2])};
    for (int y = 0; y < size[1]; y++) {
        const float j = (float)((y + 0.5) * rate[1] - 0.5);
        for (int x = 0; x < size[2]; x++) {
            const float i = (float)((x + 0.5) * rate[2] - 0.5);
            const place_t cell = place(k, j, i, cells, cell_step);
            const place_t voxel = place(
                (float)plane + value_at(displacement, &cell) * per[0],
                (float)y + value_at(displacement + all, &cell) * per[1],
                (float)x + value_at(displacement + 2 * all, &cell) * per[2], size, step);
            out[(int64_t)y * size[2] + x] = value_at(source, &voxel);
        }
    }
}
