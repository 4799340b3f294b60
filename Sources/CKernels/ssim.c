#pragma STDC FP_CONTRACT OFF
#include "ck_image.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ck_parallel.h"
#include "image_lanes.h"
#include "ssim_window.h"

/* Structural similarity, fused: the rows of a strip are read once, their products are filtered along u, then along v (and
   a ring of planes along w), and the formula is applied while the values are hot. Filters across rows and planes make
   several outputs at a time, because neighbouring outputs share most of what they load.
   Four fields are enough, because the formula needs only the sum of the two variances: x, y, x^2 + y^2, xy.
   All arithmetic is in double. Plain weighted sums, no running sums: a NaN stays in the windows that see it. */

/* exp(-k^2 / (2 * 1.5^2)) for k = 0…5, divided by the sum over k = -5…5. */
static const double gaussian_half[6] = {
    0x1.106560aa892c0p-2, 0x1.b43c3f52b19f2p-3, 0x1.bff0fe8e98418p-4,
    0x1.26eb175d83f66p-5, 0x1.f1fe01ae5a5b7p-8, 0x1.0d956b52a1d6fp-10,
};

static void finish(job_t *job, int64_t item, const tally_t *tally) {
    job->sums[item] = add_lanes(&tally->sums);
    job->counts[item] = count_lanes(&tally->used);
    job->dropped[item] = count_lanes(&tally->counted) - job->counts[item];
}

/* Cuts [*from, *to) of one axis to the centres inside the region, within the given box of centres. */
static void trim(const ck_ssim_t *p, int axis, const int64_t *low, const int64_t *high, int64_t *from, int64_t *to) {
    if (p->region == NULL) return;
    const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
    int64_t first = *to, last = *from - 1;
    for (int64_t s = *from; s < *to; s++) {
        int any = 0;
        for (int64_t t = low[b]; t < high[b] && !any; t++) {
            const uint8_t *line = p->region + s * p->stride[axis] + t * p->stride[b];
            for (int64_t r = low[a]; r < high[a]; r++) any |= line[r * p->stride[a]];
        }
        if (!any) continue;
        if (s < first) first = s;
        last = s;
    }
    *from = first;
    *to = last + 1;
}

/* The map of `outputs` rows of windows under one group of columns, from row `row` of the columns on. */
INLINE void windows_2d(const job_t *job, const columns_t *columns, int group, int row, int taps, int outputs,
                       double (*map)[STRIP]) {
    lanes_t in[ABREAST + HALO], filtered[FIELDS][ABREAST];
    for (int field = 0; field < FIELDS; field++) {
        for (int k = 0; k < outputs + taps - 1; k++) in[k] = AT(columns->values[group][field][row + k]);
        filter(job, in, taps, outputs, filtered[field]);
    }
    for (int o = 0; o < outputs; o++) similarity(job->problem, filtered, o, map[row + o] + group * LANES);
}

INLINE void strip_2d(job_t *job, int64_t item, const int taps) {
    const ck_ssim_t *p = job->problem;
    const int radius = taps / 2;
    const int64_t plane = item / job->strips, strip = item % job->strips;
    const int64_t out_u = p->size[0] - taps + 1, out_v = p->size[1] - taps + 1;
    const int64_t u0 = out_u * strip / job->strips, u1 = out_u * (strip + 1) / job->strips;
    const int valid = (int)(u1 - u0), groups = groups_of(valid);
    tally_t tally = {.sums = {0}, .counted = {0}, .used = {0}};
    columns_t columns;
    _Alignas(64) double map[BLOCK][STRIP];

    int64_t v0 = radius, v1 = radius + out_v;
    const int64_t low[3] = {u0 + radius, 0, plane}, high[3] = {u1 + radius, 0, plane + 1};
    trim(p, 1, low, high, &v0, &v1);
    for (int64_t v = v0; v < v1; v += BLOCK) {
        const int rows = v1 - v < BLOCK ? (int)(v1 - v) : BLOCK;
        const int kept = v == v0 ? 0 : taps - 1;
        for (int group = 0; group < groups && kept > 0; group++) {
            for (int field = 0; field < FIELDS; field++) {
                double(*values)[LANES] = columns.values[group][field];
                memcpy(values, values + BLOCK, (size_t)kept * sizeof *values);
            }
        }
        for (int slot = kept; slot < rows + taps - 1; slot++) {
            const int64_t at = u0 * p->stride[0] + (v - radius + slot) * p->stride[1] + plane * p->stride[2];
            push_row(job, at, at + AHEAD * p->stride[1], valid, taps, &columns, slot);
        }
        for (int group = 0; group < groups; group++) {
            int row = 0;
            for (; row + ABREAST <= rows; row += ABREAST) windows_2d(job, &columns, group, row, taps, ABREAST, map);
            for (; row < rows; row++) windows_2d(job, &columns, group, row, taps, 1, map);
        }
        for (int row = 0; row < rows; row++) {
            const int64_t centre = (u0 + radius) * p->stride[0] + (v + row) * p->stride[1] + plane * p->stride[2];
            tally_row(job, map[row], centre, valid, &tally);
        }
    }
    finish(job, item, &tally);
}

/* A plane of a tile, filtered along u and v. */
typedef struct {
    _Alignas(64) double values[TILE_U / LANES][TILE_V][FIELDS][LANES];
} plane_t;

enum { RING = ABREAST + HALO }; /* planes that the windows of one step see */

typedef struct {
    plane_t planes[RING];
    _Alignas(64) double map[ABREAST][TILE_V][TILE_U];
} tile_t;

INLINE void filter_columns(const job_t *job, const columns_t *columns, int group, int row, int taps, int outputs,
                           plane_t *plane) {
    lanes_t in[ABREAST + HALO], out[ABREAST];
    for (int field = 0; field < FIELDS; field++) {
        for (int k = 0; k < outputs + taps - 1; k++) in[k] = AT(columns->values[group][field][row + k]);
        filter(job, in, taps, outputs, out);
        for (int o = 0; o < outputs; o++) AT(plane->values[group][row + o][field]) = out[o];
    }
}

/* The map of `outputs` planes of windows; `planes` are those that they see, in order. */
INLINE void windows_3d(const job_t *job, const plane_t *const *planes, int groups, int rows, int taps, int outputs,
                       double (*map)[TILE_V][TILE_U]) {
    lanes_t in[ABREAST + HALO], filtered[FIELDS][ABREAST];
    for (int group = 0; group < groups; group++) {
        for (int row = 0; row < rows; row++) {
            for (int field = 0; field < FIELDS; field++) {
                for (int k = 0; k < outputs + taps - 1; k++) in[k] = AT(planes[k]->values[group][row][field]);
                filter(job, in, taps, outputs, filtered[field]);
            }
            for (int o = 0; o < outputs; o++) {
                similarity(job->problem, filtered, o, map[o][row] + group * LANES);
            }
        }
    }
}

INLINE void tile_3d(job_t *job, int64_t item, const int taps) {
    const ck_ssim_t *p = job->problem;
    const int radius = taps / 2;
    const int64_t out_u = p->size[0] - taps + 1, out_v = p->size[1] - taps + 1, out_w = p->size[2] - taps + 1;
    const int64_t column = item % job->strips, line = item / job->strips;
    const int64_t u0 = out_u * column / job->strips, u1 = out_u * (column + 1) / job->strips;
    const int64_t v0 = out_v * line / job->rows_of_tiles, v1 = out_v * (line + 1) / job->rows_of_tiles;
    const int valid = (int)(u1 - u0), groups = groups_of(valid);
    const int rows = (int)(v1 - v0);
    tally_t tally = {.sums = {0}, .counted = {0}, .used = {0}};

    int64_t w0 = radius, w1 = radius + out_w;
    const int64_t low[3] = {u0 + radius, v0 + radius, 0}, high[3] = {u1 + radius, v1 + radius, 0};
    trim(p, 2, low, high, &w0, &w1);
    if (w0 >= w1) {
        finish(job, item, &tally);
        return;
    }

    tile_t *tile = aligned_alloc(64, sizeof *tile);
    if (tile == NULL) {
        atomic_store(&job->failed, 1);
        return;
    }
    columns_t columns;
    int64_t filtered = w0 - radius; /* planes before this one lie in the ring */
    for (int64_t w = w0; w < w1; w += ABREAST) {
        const int outputs = w1 - w < ABREAST ? (int)(w1 - w) : ABREAST;
        for (; filtered < w + outputs + radius; filtered++) {
            plane_t *plane = &tile->planes[filtered % RING];
            for (int r = 0; r < rows + taps - 1; r++) {
                const int64_t at = u0 * p->stride[0] + (v0 + r) * p->stride[1] + filtered * p->stride[2];
                const int64_t soon = r + AHEAD < rows + taps - 1
                                       ? at + AHEAD * p->stride[1]
                                       : at + (AHEAD - rows - taps + 1) * p->stride[1] + p->stride[2];
                push_row(job, at, soon, valid, taps, &columns, r);
            }
            for (int group = 0; group < groups; group++) {
                int row = 0;
                for (; row + ABREAST <= rows; row += ABREAST) {
                    filter_columns(job, &columns, group, row, taps, ABREAST, plane);
                }
                for (; row < rows; row++) filter_columns(job, &columns, group, row, taps, 1, plane);
            }
        }
        const plane_t *seen[RING];
        for (int k = 0; k < outputs + taps - 1; k++) seen[k] = &tile->planes[(w - radius + k) % RING];
        if (outputs == ABREAST) {
            windows_3d(job, seen, groups, rows, taps, ABREAST, tile->map);
        } else {
            for (int o = 0; o < outputs; o++) windows_3d(job, seen + o, groups, rows, taps, 1, tile->map + o);
        }
        for (int o = 0; o < outputs; o++) {
            for (int r = 0; r < rows; r++) {
                const int64_t centre = (u0 + radius) * p->stride[0] + (v0 + r + radius) * p->stride[1]
                                     + (w + o) * p->stride[2];
                tally_row(job, tile->map[o][r], centre, valid, &tally);
            }
        }
    }
    free(tile);
    finish(job, item, &tally);
}

CK_CLONES static void ssim_gaussian_2d(job_t *job, int64_t item) { strip_2d(job, item, 11); }
CK_CLONES static void ssim_uniform_2d(job_t *job, int64_t item) { strip_2d(job, item, 7); }
CK_CLONES static void ssim_gaussian_3d(job_t *job, int64_t item) { tile_3d(job, item, 11); }
CK_CLONES static void ssim_uniform_3d(job_t *job, int64_t item) { tile_3d(job, item, 7); }

static void run_item(void *context, int64_t item) {
    job_t *job = context;
    if (job->problem->depth) {
        if (job->taps == 11) ssim_gaussian_3d(job, item);
        else ssim_uniform_3d(job, item);
    } else {
        if (job->taps == 11) ssim_gaussian_2d(job, item);
        else ssim_uniform_2d(job, item);
    }
}

int ck_ssim(const ck_ssim_t *problem, int threads, double *sums, int64_t *counts, int64_t *dropped) {
    job_t job = {.problem = problem, .taps = problem->window == CK_WINDOW_GAUSSIAN_11 ? 11 : 7};
    for (int k = 0; k < 6; k++) job.weights[k] = job.taps == 11 ? gaussian_half[k] : 1.0 / 7.0;
    job.clips = problem->clip_low > -HUGE_VAL || problem->clip_high < HUGE_VAL;
    job.voxels = 1;
    for (int axis = 0; axis < 3; axis++) job.voxels += (problem->size[axis] - 1) * problem->stride[axis];
    const int64_t planes = problem->depth ? 1 : problem->size[2];
    for (int64_t plane = 0; plane < planes; plane++) sums[plane] = 0, counts[plane] = 0, dropped[plane] = 0;
    for (int axis = 0; axis < (problem->depth ? 3 : 2); axis++) {
        if (problem->size[axis] < job.taps) return 0;
    }
    const int64_t widest = problem->depth ? TILE_U : STRIP;
    job.strips = (problem->size[0] - job.taps + widest) / widest;
    job.rows_of_tiles = problem->depth ? (problem->size[1] - job.taps + TILE_V) / TILE_V : 1;
    const int64_t per_plane = job.strips * job.rows_of_tiles;
    job.items = per_plane * planes;
    job.sums = malloc((size_t)job.items * sizeof *job.sums);
    job.counts = malloc((size_t)job.items * sizeof *job.counts);
    job.dropped = malloc((size_t)job.items * sizeof *job.dropped);
    int status = -1;
    if (job.sums != NULL && job.counts != NULL && job.dropped != NULL) {
        ck_parallel_for(job.items, threads, run_item, &job);
        if (!atomic_load(&job.failed)) status = 0;
    }
    for (int64_t item = 0; item < job.items && status == 0; item++) {
        sums[item / per_plane] += job.sums[item];
        counts[item / per_plane] += job.counts[item];
        dropped[item / per_plane] += job.dropped[item];
    }
    free(job.sums);
    free(job.counts);
    free(job.dropped);
    return status;
}
