#pragma STDC FP_CONTRACT OFF
#include "ck_deformation.h"
#include "ck_parallel.h"
#include "ck_registration.h"
#include "registration_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Six entries of a symmetric matrix and the right-hand side: xx, xy, xz, yy, yz, zz, bx, by, bz. */
enum { EQUATIONS = 9 };

/* Buffers of one level. */
typedef struct {
    ck_grid_t grid, nodes;
    int64_t f[3];
    float *means[2], *normalised[2]; /* fixed and moving image: block means, and those locally normalised */
    float origin[2], epsilon[2];     /* of the normalisation */
    float *warped, *warped_mean;     /* the moving image where the displacement leads, normalised and not */
    float *cut[2];                   /* fixed and warped image, normalised over what both show */
    ck_window_t window;
    uint8_t *support, *valid;
    float *equations; /* EQUATIONS arrays on the nodes, and as much scratch */
    float *u, *du;    /* three components and a certainty on the nodes */
    float *rows;      /* scratch of the loops over planes */
    ck_taps_t taps[3];
    float cauchy;
} level_t;

static int64_t row_floats(const level_t *level) {
    const int64_t *m = level->nodes.n, nx = level->grid.n[0];
    const int64_t warp = 3 * (m[0] * m[1] + nx) + m[0];
    return warp > EQUATIONS * nx ? warp : EQUATIONS * nx;
}

typedef struct {
    const level_t *level;
    const float *image;
    float *warped;
} warp_t;

/* Displacement of every voxel of a plane, and the moving image there. */
static void warp_plane(void *context, int64_t z) {
    const warp_t *work = context;
    const level_t *level = work->level;
    const int64_t *m = level->nodes.n, nx = level->grid.n[0], ny = level->grid.n[1], nodes = ck_grid_count(&level->nodes);
    float *plane = level->rows + z * row_floats(level), *row = plane + 3 * m[0] * m[1], *scratch = row + 3 * nx;
    for (int axis = 0; axis < 3; axis++)
        ck_taps_plane(level->taps, level->u + axis * nodes, &level->nodes, z, plane + axis * m[0] * m[1]);
    for (int64_t y = 0; y < ny; y++) {
        const int64_t at = nx * (y + ny * z);
        for (int axis = 0; axis < 3; axis++) {
            const float scale = (float)(1 / level->grid.step[axis]);
            ck_taps_row(level->taps, plane + axis * m[0] * m[1], &level->nodes, &level->grid, y, scratch,
                        row + axis * nx);
            for (int64_t x = 0; x < nx; x++) row[axis * nx + x] *= scale;
        }
        ck_warp_row(work->image, level->grid.n, y, z, 0, nx, row, row + nx, row + 2 * nx, work->warped + at,
                    level->valid + at);
    }
}

/* Adds the normal equations of one row of voxels: gradient of the mean of both images, robust weight. */
CK_CLONES static void add_row(const float *restrict f, const float *restrict w, const uint8_t *restrict support,
                              const uint8_t *restrict valid, int64_t n, int64_t row, int64_t plane,
                              const float scale[3], float cauchy, float *restrict sums) {
    const float sx = scale[0], sy = scale[1], sz = scale[2];
    for (int64_t x = 1; x < n - 1; x++) {
        const float gx = sx * ((f[x + 1] - f[x - 1]) + (w[x + 1] - w[x - 1]));
        const float gy = sy * ((f[x + row] - f[x - row]) + (w[x + row] - w[x - row]));
        const float gz = sz * ((f[x + plane] - f[x - plane]) + (w[x + plane] - w[x - plane]));
        const float d = f[x] - w[x];
        const float use = (float)(support[x] & valid[x]);
        const float r = use / (1 + d * d * cauchy);
        const float rx = r * gx, ry = r * gy, rz = r * gz;
        sums[x] += rx * gx;
        sums[n + x] += rx * gy;
        sums[2 * n + x] += rx * gz;
        sums[3 * n + x] += ry * gy;
        sums[4 * n + x] += ry * gz;
        sums[5 * n + x] += rz * gz;
        sums[6 * n + x] += rx * d;
        sums[7 * n + x] += ry * d;
        sums[8 * n + x] += rz * d;
    }
}

typedef struct {
    const level_t *level;
    const float *fixed, *warped;
} equations_t;

static void equations_plane(void *context, int64_t mz) {
    const equations_t *work = context;
    const level_t *level = work->level;
    const int64_t *n = level->grid.n, *m = level->nodes.n, *f = level->f, nodes = ck_grid_count(&level->nodes);
    const int64_t plane = n[0] * n[1];
    float *sums = level->rows + mz * f[2] * row_floats(level);
    float scale[3];
    for (int axis = 0; axis < 3; axis++) scale[axis] = (float)(0.25 / level->grid.step[axis]);
    for (int64_t my = 0; my < m[1]; my++) {
        memset(sums, 0, sizeof(float) * (size_t)(EQUATIONS * n[0]));
        for (int64_t z = mz * f[2]; z < mz * f[2] + f[2] && z < n[2] - 1; z++)
            for (int64_t y = my * f[1]; y < my * f[1] + f[1] && y < n[1] - 1; y++) {
                if (z < 1 || y < 1) continue;
                const int64_t at = n[0] * y + plane * z;
                add_row(work->fixed + at, work->warped + at, level->support + at, level->valid + at, n[0], n[0], plane,
                        scale, level->cauchy, sums);
            }
        for (int e = 0; e < EQUATIONS; e++) {
            float *out = level->equations + e * nodes + m[0] * (my + m[1] * mz);
            for (int64_t mx = 0; mx < m[0]; mx++) {
                float sum = 0;
                for (int64_t x = mx * f[0]; x < mx * f[0] + f[0] && x < n[0]; x++) sum += sums[e * n[0] + x];
                out[mx] = sum;
            }
        }
    }
}

/* Step of every node, limited in length; its certainty is the mean diagonal against the damping. */
static void solve(const level_t *level, double damping, double limit) {
    const int64_t nodes = ck_grid_count(&level->nodes);
    const float *e = level->equations;
    double sum = 0, weight = 0;
    for (int64_t at = 0; at < nodes; at++) {
        const double trace = (double)e[at] + (double)e[3 * nodes + at] + (double)e[5 * nodes + at];
        sum += trace * trace;
        weight += trace;
    }
    /* Mean diagonal where there is structure: weighted by itself, so that empty margins do not count. */
    const double mean = weight > 0 ? sum / weight / 3 : 0;
    const double lambda = damping * mean + 1e-12;
    for (int64_t at = 0; at < nodes; at++) {
        const double xx = e[at] + lambda, xy = e[nodes + at], xz = e[2 * nodes + at];
        const double yy = e[3 * nodes + at] + lambda, yz = e[4 * nodes + at], zz = e[5 * nodes + at] + lambda;
        const double b[3] = {e[6 * nodes + at], e[7 * nodes + at], e[8 * nodes + at]};
        const double c00 = yy * zz - yz * yz, c01 = xz * yz - xy * zz, c02 = xy * yz - xz * yy;
        const double c11 = xx * zz - xz * xz, c12 = xy * xz - xx * yz, c22 = xx * yy - xy * xy;
        const double det = xx * c00 + xy * c01 + xz * c02;
        double d[3] = {(c00 * b[0] + c01 * b[1] + c02 * b[2]) / det, (c01 * b[0] + c11 * b[1] + c12 * b[2]) / det,
                       (c02 * b[0] + c12 * b[1] + c22 * b[2]) / det};
        const double length = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        const double shrink = length > limit ? limit / length : 1;
        for (int axis = 0; axis < 3; axis++) level->du[axis * nodes + at] = (float)(d[axis] * shrink);
        const double trace = (xx + yy + zz) / 3 - lambda;
        level->du[3 * nodes + at] = (float)(trace / (trace + lambda) + 1e-6);
    }
}

/* v becomes G(c v) / G(c), with the certainty c in its fourth array. */
static int smooth_weighted(const level_t *level, float *v, double sigma, int threads) {
    const int64_t nodes = ck_grid_count(&level->nodes);
    float *all = level->equations;
    for (int axis = 0; axis < 3; axis++)
        for (int64_t at = 0; at < nodes; at++) all[axis * nodes + at] = v[axis * nodes + at] * level->du[3 * nodes + at];
    memcpy(all + 3 * nodes, level->du + 3 * nodes, sizeof(float) * (size_t)nodes);
    if (ck_grid_smooth(all, all + EQUATIONS * nodes, 4, &level->nodes, sigma, threads)) return -1;
    for (int axis = 0; axis < 3; axis++)
        for (int64_t at = 0; at < nodes; at++) v[axis * nodes + at] = all[axis * nodes + at] / all[3 * nodes + at];
    return 0;
}

static int smooth_evenly(const level_t *level, float *v, double sigma, int threads) {
    const int64_t nodes = ck_grid_count(&level->nodes);
    float *all = level->equations;
    memcpy(all, v, sizeof(float) * (size_t)(3 * nodes));
    for (int64_t at = 0; at < nodes; at++) all[3 * nodes + at] = 1;
    if (ck_grid_smooth(all, all + EQUATIONS * nodes, 4, &level->nodes, sigma, threads)) return -1;
    for (int axis = 0; axis < 3; axis++)
        for (int64_t at = 0; at < nodes; at++) v[axis * nodes + at] = all[axis * nodes + at] / all[3 * nodes + at];
    return 0;
}

/* Normal equations of every node at the present displacement. */
static int add_equations(level_t *level, int threads) {
    warp_t warp = {level, level->normalised[1], level->warped};
    ck_parallel_for(level->grid.n[2], threads, warp_plane, &warp);
    equations_t work = {level, level->normalised[0], level->warped};
    int is_cut = 0;
    if (ck_window_see(&level->window, level->valid, level->support, threads, &is_cut)) return -1;
    if (is_cut) {
        warp_t mean = {level, level->means[1], level->warped_mean};
        ck_parallel_for(level->grid.n[2], threads, warp_plane, &mean);
        const float *images[2] = {level->means[0], level->warped_mean}, *normalised[2] = {work.fixed, work.warped};
        for (int image = 0; image < 2; image++)
            if (ck_window_normalise(&level->window, images[image], level->valid, level->origin[image],
                                    level->epsilon[image], normalised[image], threads, level->cut[image]))
                return -1;
        work.fixed = level->cut[0];
        work.warped = level->cut[1];
    }
    ck_parallel_for(level->nodes.n[2], threads, equations_plane, &work);
    return 0;
}

static int iterate(level_t *level, const ck_registration_t *problem, const ck_registration_level_t *setting,
                   int threads) {
    const int64_t nodes = ck_grid_count(&level->nodes);
    for (int iteration = 0; iteration < setting->iterations; iteration++) {
        if (add_equations(level, threads)) return -1;
        if (ck_grid_smooth(level->equations, level->equations + EQUATIONS * nodes, EQUATIONS, &level->nodes,
                           setting->window_mm, threads))
            return -1;
        solve(level, problem->damping, setting->step_mm);
        if (setting->update_mm > 0 && smooth_weighted(level, level->du, setting->update_mm, threads)) return -1;
        for (int64_t at = 0; at < 3 * nodes; at++) level->u[at] += level->du[at];
        if (setting->total_mm > 0 && smooth_weighted(level, level->u, setting->total_mm, threads)) return -1;
        if (setting->elastic_mm > 0 && smooth_evenly(level, level->u, setting->elastic_mm, threads)) return -1;
    }
    return 0;
}

static void level_free(level_t *level) {
    for (int image = 0; image < 2; image++) {
        free(level->means[image]);
        free(level->normalised[image]);
        free(level->cut[image]);
    }
    free(level->warped);
    free(level->warped_mean);
    ck_window_free(&level->window);
    free(level->support);
    free(level->valid);
    free(level->equations);
    free(level->u);
    free(level->du);
    free(level->rows);
    ck_taps_free(level->taps);
    memset(level, 0, sizeof *level);
}

/* Whether voxels lie within so many voxels along each axis of the region: a box grown axis by axis. */
static void grow(uint8_t *mask, uint8_t *scratch, const ck_grid_t *grid, double mm) {
    const int64_t strides[3] = {1, grid->n[0], grid->n[0] * grid->n[1]}, total = ck_grid_count(grid);
    for (int axis = 0; axis < 3; axis++) {
        const int64_t reach = (int64_t)(mm / grid->step[axis] + 1e-6), n = grid->n[axis], stride = strides[axis];
        if (reach < 1) continue;
        memcpy(scratch, mask, (size_t)total);
        for (int64_t at = 0; at < total; at++) {
            if (!scratch[at]) continue;
            const int64_t index = at / stride % n;
            const int64_t low = index < reach ? index : reach, high = n - 1 - index < reach ? n - 1 - index : reach;
            for (int64_t t = -low; t <= high; t++) mask[at + t * stride] = 1;
        }
    }
}

/* Range of values around the region's median. */
static int clip_range(const float *image, const uint8_t *region, int64_t n, double clip, float range[2]) {
    enum { SAMPLES = 65536 };
    double *values = malloc(sizeof(double) * SAMPLES);
    if (!values) return -1;
    int64_t inside = 0, count = 0, seen = 0;
    for (int64_t at = 0; at < n; at++) inside += region[at] != 0;
    const int64_t step = inside / SAMPLES + 1;
    for (int64_t at = 0; at < n && count < SAMPLES; at++)
        if (region[at] && seen++ % step == 0) values[count++] = image[at];
    range[0] = -INFINITY;
    range[1] = INFINITY;
    if (count > 0) {
        ck_statistics statistics;
        ck_describe(values, count, &statistics);
        const double median = statistics.median;
        for (int64_t at = 0; at < count; at++) values[at] = fabs(values[at] - median);
        ck_describe(values, count, &statistics);
        if (statistics.median > 0) {
            range[0] = (float)(median - clip * 1.4826 * statistics.median);
            range[1] = (float)(median + clip * 1.4826 * statistics.median);
        }
    }
    free(values);
    return 0;
}

/* Support of the level: blocks of which a share lies in the grown region. */
static int level_support(level_t *level, const uint8_t *region, const ck_grid_t *native, const int64_t f[3],
                         const ck_registration_level_t *setting) {
    const int64_t count = ck_grid_count(native), total = ck_grid_count(&level->grid);
    uint8_t *grown = malloc((size_t)(2 * count));
    if (!grown) return -1;
    for (int64_t at = 0; at < count; at++) grown[at] = region[at] != 0;
    grow(grown, grown + count, native, setting->support_mm);
    for (int64_t at = 0; at < total; at++) {
        const int64_t block[3] = {at % level->grid.n[0], at / level->grid.n[0] % level->grid.n[1],
                                  at / (level->grid.n[0] * level->grid.n[1])};
        int64_t low[3], high[3], inside = 0, all = 0;
        for (int axis = 0; axis < 3; axis++) {
            low[axis] = block[axis] * f[axis];
            high[axis] = low[axis] + f[axis] < native->n[axis] ? low[axis] + f[axis] : native->n[axis];
        }
        for (int64_t z = low[2]; z < high[2]; z++)
            for (int64_t y = low[1]; y < high[1]; y++)
                for (int64_t x = low[0]; x < high[0]; x++) {
                    inside += grown[x + native->n[0] * (y + native->n[1] * z)];
                    all++;
                }
        level->support[at] = (double)inside >= setting->share * (double)all;
    }
    free(grown);
    return 0;
}

/* Images of the level: block means of clipped values, locally normalised. */
static int level_images(level_t *level, const ck_registration_t *problem, const ck_grid_t *native, const int64_t f[3],
                        const ck_registration_level_t *setting, int threads) {
    const int64_t count = ck_grid_count(native);
    const float *images[2] = {problem->fixed, problem->moving};
    float *clipped = setting->clip > 0 ? malloc(sizeof(float) * (size_t)count) : NULL;
    int failed = setting->clip > 0 && !clipped;
    for (int image = 0; image < 2 && !failed; image++) {
        const float *values = images[image];
        if (clipped) {
            float range[2];
            failed = clip_range(values, problem->region, count, setting->clip, range);
            for (int64_t at = 0; at < count && !failed; at++)
                clipped[at] = values[at] < range[0] ? range[0] : (values[at] > range[1] ? range[1] : values[at]);
            values = clipped;
        }
        if (failed) break;
        ck_grid_mean(values, native, f, threads, level->means[image]);
        failed = ck_normalise_image(level->means[image], &level->grid, setting->normalise_mm, threads,
                                    level->normalised[image], &level->origin[image], &level->epsilon[image]);
    }
    free(clipped);
    return failed || level_support(level, problem->region, native, f, setting) ? -1 : 0;
}

static int level_make(level_t *level, const ck_registration_t *problem, const ck_registration_level_t *setting,
                      int threads) {
    const ck_grid_t native = {{problem->size[0], problem->size[1], problem->size[2]},
                              {problem->spacing[0], problem->spacing[1], problem->spacing[2]}};
    int64_t f[3];
    ck_grid_factors(&native, setting->voxel_mm, f);
    memset(level, 0, sizeof *level);
    level->grid = ck_grid_blocks(&native, f);
    ck_grid_factors(&level->grid, setting->node_mm, level->f);
    level->nodes = ck_grid_blocks(&level->grid, level->f);
    level->cauchy = (float)(1 / (problem->cauchy * problem->cauchy));
    const size_t total = (size_t)ck_grid_count(&level->grid), nodes = (size_t)ck_grid_count(&level->nodes);
    int failed = ck_window_make(&level->window, &level->grid, setting->normalise_mm, problem->common_share,
                                problem->whole_share);
    for (int image = 0; image < 2; image++) {
        level->means[image] = malloc(sizeof(float) * total);
        level->normalised[image] = malloc(sizeof(float) * total);
        level->cut[image] = malloc(sizeof(float) * total);
        failed |= !level->means[image] || !level->normalised[image] || !level->cut[image];
    }
    level->warped = malloc(sizeof(float) * total);
    level->warped_mean = malloc(sizeof(float) * total);
    level->support = malloc(total);
    level->valid = malloc(total);
    level->equations = malloc(sizeof(float) * 2 * EQUATIONS * nodes);
    level->u = calloc(3 * nodes, sizeof(float));
    level->du = malloc(sizeof(float) * 4 * nodes);
    level->rows = malloc(sizeof(float) * (size_t)(level->grid.n[2] * row_floats(level)));
    if (failed || !level->warped || !level->warped_mean || !level->support || !level->valid || !level->equations ||
        !level->u || !level->du || !level->rows || ck_taps_make(level->taps, &level->nodes, &level->grid))
        return -1;
    return level_images(level, problem, &native, f, setting, threads);
}

int ck_register(const ck_registration_t *problem, const ck_registration_level_t *levels, int count, int threads,
                float *ux, float *uy, float *uz) {
    const ck_grid_t native = {{problem->size[0], problem->size[1], problem->size[2]},
                              {problem->spacing[0], problem->spacing[1], problem->spacing[2]}};
    float *out[3] = {ux, uy, uz};
    level_t previous, level;
    memset(&previous, 0, sizeof previous);
    int failed = 0;
    for (int index = 0; index < count && !failed; index++) {
        failed = level_make(&level, problem, levels + index, threads);
        for (int axis = 0; axis < 3 && !failed && index > 0; axis++)
            failed = ck_grid_resample(previous.u + axis * ck_grid_count(&previous.nodes), &previous.nodes,
                                      &level.nodes, threads, level.u + axis * ck_grid_count(&level.nodes));
        level_free(&previous);
        if (!failed) failed = iterate(&level, problem, levels + index, threads);
        previous = level;
    }
    for (int axis = 0; axis < 3 && !failed; axis++)
        failed = ck_grid_resample(previous.u + axis * ck_grid_count(&previous.nodes), &previous.nodes, &native, threads,
                                  out[axis]);
    level_free(&previous);
    return failed ? -1 : 0;
}
