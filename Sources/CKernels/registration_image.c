#pragma STDC FP_CONTRACT OFF
#include "ck_deformation.h"
#include "ck_parallel.h"
#include "ck_registration.h"
#include "registration_internal.h"

#include <math.h>
#include <stdlib.h>

CK_CLONES void ck_warp_row(const float *image, const int64_t n[3], int64_t y, int64_t z, int64_t first, int64_t end,
                           const float *ux, const float *uy, const float *uz, float *warped, uint8_t *valid) {
    const int64_t nx = n[0], plane = n[0] * n[1];
    const float lastx = (float)(n[0] - 1), lasty = (float)(n[1] - 1), lastz = (float)(n[2] - 1);
    for (int64_t x = first; x < end; x++) {
        float px = (float)x + ux[x], py = (float)y + uy[x], pz = (float)z + uz[x];
        if (valid)
            valid[x] = px >= -0.5f && px <= lastx + 0.5f && py >= -0.5f && py <= lasty + 0.5f && pz >= -0.5f &&
                       pz <= lastz + 0.5f;
        px = px < 0 ? 0 : (px > lastx ? lastx : px);
        py = py < 0 ? 0 : (py > lasty ? lasty : py);
        pz = pz < 0 ? 0 : (pz > lastz ? lastz : pz);
        const int32_t ix = (int32_t)px, iy = (int32_t)py, iz = (int32_t)pz;
        const float tx = px - (float)ix, ty = py - (float)iy, tz = pz - (float)iz;
        const float *at = image + ((int64_t)ix + nx * iy + plane * iz);
        const int64_t dx = ix < n[0] - 1, dy = iy < n[1] - 1 ? nx : 0, dz = iz < n[2] - 1 ? plane : 0;
        const float a = at[0] + tx * (at[dx] - at[0]);
        const float b = at[dy] + tx * (at[dy + dx] - at[dy]);
        const float c = at[dz] + tx * (at[dz + dx] - at[dz]);
        const float d = at[dz + dy] + tx * (at[dz + dy + dx] - at[dz + dy]);
        const float e = a + ty * (b - a), f = c + ty * (d - c);
        warped[x] = e + tz * (f - e);
    }
}

/* The same with four taps an axis (Catmull-Rom), which keep noise and edges. */
static void warp_row_cubic(const float *image, const int64_t n[3], int64_t y, int64_t z, int64_t first, int64_t end,
                           const float *ux, const float *uy, const float *uz, float *warped) {
    const int64_t strides[3] = {1, n[0], n[0] * n[1]};
    for (int64_t x = first; x < end; x++) {
        const float p[3] = {(float)x + ux[x], (float)y + uy[x], (float)z + uz[x]};
        int64_t at[3][4];
        float w[3][4];
        for (int axis = 0; axis < 3; axis++) {
            const float last = (float)(n[axis] - 1);
            const float q = p[axis] < 0 ? 0 : (p[axis] > last ? last : p[axis]);
            const int64_t base = (int64_t)q;
            const float t = q - (float)base;
            w[axis][0] = 0.5f * t * (t * (2 - t) - 1);
            w[axis][1] = 0.5f * (t * t * (3 * t - 5) + 2);
            w[axis][2] = 0.5f * t * (t * (4 - 3 * t) + 1);
            w[axis][3] = 0.5f * t * t * (t - 1);
            for (int tap = 0; tap < 4; tap++) {
                int64_t k = base + tap - 1;
                k = k < 0 ? 0 : (k > n[axis] - 1 ? n[axis] - 1 : k);
                at[axis][tap] = k * strides[axis];
            }
        }
        float sum = 0;
        for (int c = 0; c < 4; c++) {
            float plane = 0;
            for (int b = 0; b < 4; b++) {
                const float *row = image + at[2][c] + at[1][b];
                plane += w[1][b] * ((w[0][0] * row[at[0][0]] + w[0][1] * row[at[0][1]]) +
                                    (w[0][2] * row[at[0][2]] + w[0][3] * row[at[0][3]]));
            }
            sum += w[2][c] * plane;
        }
        warped[x] = sum;
    }
}

typedef struct {
    const float *image, *u[3];
    float *warped, *scratch;
    const int64_t *n;
    const uint8_t *where;
    float scale[3];
    int cubic;
} warp_t;

static void warp_plane(void *context, int64_t z) {
    const warp_t *work = context;
    const int64_t nx = work->n[0];
    float *voxels = work->scratch + 3 * nx * z;
    for (int64_t y = 0; y < work->n[1]; y++) {
        const int64_t at = nx * (y + work->n[1] * z);
        int64_t first = 0, end = nx;
        if (work->where) {
            while (first < end && !work->where[at + first]) first++;
            while (end > first && !work->where[at + end - 1]) end--;
            if (first == end) continue;
        }
        for (int axis = 0; axis < 3; axis++)
            for (int64_t x = first; x < end; x++) voxels[axis * nx + x] = work->u[axis][at + x] * work->scale[axis];
        if (work->cubic)
            warp_row_cubic(work->image, work->n, y, z, first, end, voxels, voxels + nx, voxels + 2 * nx,
                           work->warped + at);
        else
            ck_warp_row(work->image, work->n, y, z, first, end, voxels, voxels + nx, voxels + 2 * nx,
                        work->warped + at, NULL);
    }
}

int ck_warp(const float *image, const int64_t size[3], const double spacing[3], const float *ux, const float *uy,
            const float *uz, const uint8_t *where, int cubic, int threads, float *warped) {
    float *scratch = malloc(sizeof(float) * (size_t)(3 * size[0] * size[2]));
    if (!scratch) return -1;
    warp_t work = {image,
                   {ux, uy, uz},
                   warped,
                   scratch,
                   size,
                   where,
                   {(float)(1 / spacing[0]), (float)(1 / spacing[1]), (float)(1 / spacing[2])},
                   cubic};
    ck_parallel_for(size[2], threads, warp_plane, &work);
    free(scratch);
    return 0;
}

/* Standard deviation of white noise by the median of absolute second differences along each axis, on at most 65536
   voxels in a fixed pattern: a second difference of white noise has six times its variance. */
int ck_noise(const float *image, const ck_grid_t *grid, const uint8_t *region, double *noise) {
    enum { SAMPLES = 65536 };
    const int64_t *n = grid->n, strides[3] = {1, n[0], n[0] * n[1]}, total = ck_grid_count(grid);
    double *values = malloc(sizeof(double) * SAMPLES);
    if (!values) return -1;
    int64_t inside = total, count = 0, seen = 0;
    if (region) {
        inside = 0;
        for (int64_t at = 0; at < total; at++) inside += region[at] != 0;
    }
    const int64_t step = inside > SAMPLES ? (inside / SAMPLES) | 1 : 1;
    for (int64_t at = 0; at < total && count < SAMPLES; at++) {
        if ((region && !region[at]) || seen++ % step != 0) continue;
        const int64_t index[3] = {at % n[0], at / n[0] % n[1], at / strides[2]};
        double smallest = -1;
        for (int axis = 0; axis < 3; axis++) {
            if (index[axis] < 1 || index[axis] > n[axis] - 2) continue;
            const double d = fabs((double)image[at - strides[axis]] - 2 * (double)image[at] +
                                  (double)image[at + strides[axis]]);
            /* Across an edge the difference is structure, along it noise. */
            if (smallest < 0 || d < smallest) smallest = d;
        }
        if (smallest >= 0) values[count++] = smallest;
    }
    *noise = 0;
    if (count > 0) {
        ck_statistics statistics;
        ck_describe(values, count, &statistics);
        /* The least of three such differences about one voxel has the median 0.2881 sigma. */
        *noise = statistics.median / 0.2881 / 2.449489742783178;
    }
    free(values);
    return 0;
}

typedef struct {
    const float *image, *mean, *square;
    float *out;
    ck_grid_t grid, nodes;
    const ck_taps_t *taps;
    float *scratch;
    float origin, epsilon;
} normalise_t;

CK_CLONES void ck_normalise_row(const float *restrict in, const float *restrict mean,
                                const float *restrict square, int64_t n, float origin, float epsilon,
                                float *restrict out) {
    for (int64_t x = 0; x < n; x++) {
        float variance = square[x] - mean[x] * mean[x];
        variance = (variance > 0 ? variance : 0) + epsilon;
        out[x] = (in[x] - origin - mean[x]) / sqrtf(variance);
    }
}

static void normalise_plane(void *context, int64_t z) {
    const normalise_t *work = context;
    const int64_t *m = work->nodes.n, nx = work->grid.n[0];
    float *mean = work->scratch + z * (2 * m[0] * m[1] + m[0] + 2 * nx);
    float *square = mean + m[0] * m[1], *row = square + m[0] * m[1], *a = row + m[0], *b = a + nx;
    ck_taps_plane(work->taps, work->mean, &work->nodes, z, mean);
    ck_taps_plane(work->taps, work->square, &work->nodes, z, square);
    for (int64_t y = 0; y < work->grid.n[1]; y++) {
        const int64_t at = nx * (y + work->grid.n[1] * z);
        ck_taps_row(work->taps, mean, &work->nodes, &work->grid, y, row, a);
        ck_taps_row(work->taps, square, &work->nodes, &work->grid, y, row, b);
        ck_normalise_row(work->image + at, a, b, nx, work->origin, work->epsilon, work->out + at);
    }
}

int ck_normalise_image(const float *image, const ck_grid_t *grid, double sigma_mm, int threads, float *normalised,
                       float *origin, float *epsilon) {
    const int64_t total = ck_grid_count(grid), nz = grid->n[2];
    double sigma_noise = 0;
    if (ck_noise(image, grid, NULL, &sigma_noise)) return -1;
    /* Local moments vary slowly: they are found on blocks of a quarter of the neighbourhood. */
    int64_t f[3];
    ck_grid_factors(grid, sigma_mm / 4, f);
    const ck_grid_t nodes = ck_grid_blocks(grid, f);
    const int64_t m = ck_grid_count(&nodes);
    double sum = 0;
    for (int64_t at = 0; at < total; at++) sum += image[at];
    *origin = (float)(sum / (double)total);
    const double added = 4 * sigma_noise * sigma_noise;
    *epsilon = added > 1e-20 ? (float)added : 1e-20f;
    float *moments = malloc(sizeof(float) * (size_t)(6 * m));
    float *squares = malloc(sizeof(float) * (size_t)total);
    float *scratch =
        malloc(sizeof(float) * (size_t)(nz * (2 * nodes.n[0] * nodes.n[1] + nodes.n[0] + 2 * grid->n[0])));
    ck_taps_t taps[3] = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    int failed = !moments || !squares || !scratch || ck_taps_make(taps, &nodes, grid);
    if (!failed) {
        for (int64_t at = 0; at < total; at++) squares[at] = image[at] - *origin;
        ck_grid_mean(squares, grid, f, threads, moments);
        for (int64_t at = 0; at < total; at++) squares[at] *= squares[at];
        ck_grid_mean(squares, grid, f, threads, moments + m);
        for (int64_t at = 0; at < m; at++) moments[2 * m + at] = 1;
        failed = ck_grid_smooth(moments, moments + 3 * m, 3, &nodes, sigma_mm, threads);
    }
    if (!failed) {
        for (int64_t at = 0; at < m; at++) {
            moments[at] /= moments[2 * m + at];
            moments[m + at] /= moments[2 * m + at];
        }
        normalise_t work = {image, moments, moments + m, normalised, *grid, nodes, taps, scratch, *origin, *epsilon};
        ck_parallel_for(nz, threads, normalise_plane, &work);
    }
    ck_taps_free(taps);
    free(moments);
    free(squares);
    free(scratch);
    return failed ? -1 : 0;
}

int ck_normalise_locally(const float *image, const int64_t size[3], const double spacing[3], double sigma_mm,
                         int threads, float *normalised) {
    const ck_grid_t grid = {{size[0], size[1], size[2]}, {spacing[0], spacing[1], spacing[2]}};
    float origin, epsilon;
    return ck_normalise_image(image, &grid, sigma_mm, threads, normalised, &origin, &epsilon);
}

int ck_gaussian(const float *image, const int64_t size[3], const double spacing[3], double sigma_mm, int threads,
                float *smoothed) {
    const ck_grid_t grid = {{size[0], size[1], size[2]}, {spacing[0], spacing[1], spacing[2]}};
    const int64_t total = ck_grid_count(&grid);
    float *both = malloc(sizeof(float) * (size_t)(4 * total));
    if (!both) return -1;
    for (int64_t at = 0; at < total; at++) both[at] = image[at];
    for (int64_t at = 0; at < total; at++) both[total + at] = 1;
    const int failed = ck_grid_smooth(both, both + 2 * total, 2, &grid, sigma_mm, threads);
    for (int64_t at = 0; !failed && at < total; at++) smoothed[at] = both[at] / both[total + at];
    free(both);
    return failed;
}

int ck_refine(const float *coarse, const int64_t coarse_size[3], const double coarse_mm[3], const int64_t size[3],
              const double spacing[3], int threads, float *fine) {
    const ck_grid_t from = {{coarse_size[0], coarse_size[1], coarse_size[2]},
                            {coarse_mm[0], coarse_mm[1], coarse_mm[2]}};
    const ck_grid_t to = {{size[0], size[1], size[2]}, {spacing[0], spacing[1], spacing[2]}};
    return ck_grid_resample(coarse, &from, &to, threads, fine);
}

double ck_local_correlation(const float *a, const float *b, const uint8_t *mask, int64_t n) {
    double aa = 0, bb = 0, ab = 0;
    for (int64_t at = 0; at < n; at++)
        if (mask[at]) {
            aa += (double)a[at] * (double)a[at];
            bb += (double)b[at] * (double)b[at];
            ab += (double)a[at] * (double)b[at];
        }
    return ab / sqrt(aa * bb);
}

static double uniform_sum(uint64_t key) {
    key += 0x9E3779B97F4A7C15u;
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
    key ^= key >> 31;
    const int64_t sum = (int64_t)(key & 0xFFFF) + (int64_t)(key >> 16 & 0xFFFF) + (int64_t)(key >> 32 & 0xFFFF) +
                        (int64_t)(key >> 48);
    return (double)sum / 65536.0;
}

void ck_add_noise(float *image, int64_t n, double sigma, uint64_t seed) {
    for (int64_t at = 0; at < n; at++) {
        const uint64_t key = seed + 3 * (uint64_t)at * 0x9E3779B97F4A7C15u;
        /* Twelve uniform numbers: variance one, and the same bits on every machine. */
        const double normal = uniform_sum(key) + uniform_sum(key + 0x9E3779B97F4A7C15u) +
                              uniform_sum(key + 2 * 0x9E3779B97F4A7C15u) - 6.0 + 12.0 / 131072.0;
        image[at] = (float)((double)image[at] + sigma * normal);
    }
}
