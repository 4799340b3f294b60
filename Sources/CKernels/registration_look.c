#pragma STDC FP_CONTRACT OFF
#include "ck_parallel.h"
#include "ck_registration.h"
#include "registration_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Local linear regression of `other` on `blurred` in Gaussian windows: other = gain * blurred + offset. Five moments
   and the weight, on nodes. */
enum { MOMENTS = 6 };

typedef struct {
    const float *blurred, *other;
    const uint8_t *support;
    float *sums;
    ck_grid_t grid, nodes;
    int64_t f[3];
    float origin[2];
} moments_t;

static void moments_plane(void *context, int64_t mz) {
    const moments_t *work = context;
    const int64_t *n = work->grid.n, *m = work->nodes.n, *f = work->f, nodes = ck_grid_count(&work->nodes);
    for (int64_t my = 0; my < m[1]; my++)
        for (int64_t mx = 0; mx < m[0]; mx++) {
            double sum[MOMENTS] = {0};
            for (int64_t z = mz * f[2]; z < mz * f[2] + f[2] && z < n[2]; z++)
                for (int64_t y = my * f[1]; y < my * f[1] + f[1] && y < n[1]; y++)
                    for (int64_t x = mx * f[0]; x < mx * f[0] + f[0] && x < n[0]; x++) {
                        const int64_t at = x + n[0] * (y + n[1] * z);
                        if (!work->support[at]) continue;
                        const double a = work->blurred[at] - work->origin[0], b = work->other[at] - work->origin[1];
                        sum[0] += 1;
                        sum[1] += a;
                        sum[2] += b;
                        sum[3] += a * a;
                        sum[4] += a * b;
                        sum[5] += b * b;
                    }
            for (int e = 0; e < MOMENTS; e++) work->sums[e * nodes + mx + m[0] * (my + m[1] * mz)] = (float)sum[e];
        }
}

/* Gain and offset on the nodes (the first two arrays of `sums`), and the share of the other image's local variance that
   they leave unexplained. */
static int regress(moments_t *work, double window_mm, int threads, double *unexplained) {
    const int64_t nodes = ck_grid_count(&work->nodes);
    ck_parallel_for(work->nodes.n[2], threads, moments_plane, work);
    if (ck_grid_smooth(work->sums, work->sums + MOMENTS * nodes, MOMENTS, &work->nodes, window_mm, threads)) return -1;
    double left = 0, all = 0;
    for (int64_t at = 0; at < nodes; at++) {
        const double w = work->sums[at];
        double gain = 1, offset = 0;
        if (w > 1e-3) {
            const double a = work->sums[nodes + at] / w, b = work->sums[2 * nodes + at] / w;
            const double aa = work->sums[3 * nodes + at] / w - a * a, ab = work->sums[4 * nodes + at] / w - a * b;
            const double bb = work->sums[5 * nodes + at] / w - b * b;
            /* A window without contrast keeps the values' mean and takes no gain from noise. */
            gain = aa > 0 ? ab / aa : 1;
            gain = gain < 0.1 ? 0.1 : (gain > 10 ? 10 : gain);
            offset = b - gain * a;
            left += w * (bb - 2 * gain * ab + gain * gain * aa);
            all += w * bb;
        }
        work->sums[at] = (float)gain;
        work->sums[nodes + at] = (float)offset;
    }
    *unexplained = all > 0 ? left / all : 0;
    return 0;
}

int ck_match_look(const float *reference, const float *aligned, const float *original, const uint8_t *region,
                  const int64_t size[3], const double spacing[3], double window_mm, int threads, float *matched,
                  double *blur_mm, double *noise) {
    const ck_grid_t grid = {{size[0], size[1], size[2]}, {spacing[0], spacing[1], spacing[2]}};
    const int64_t total = ck_grid_count(&grid);
    moments_t work = {.other = aligned, .support = region, .grid = grid};
    ck_grid_factors(&grid, window_mm / 4, work.f);
    work.nodes = ck_grid_blocks(&grid, work.f);
    const int64_t nodes = ck_grid_count(&work.nodes);
    double sums[2] = {0, 0}, count = 0;
    for (int64_t at = 0; at < total; at++)
        if (region[at]) {
            sums[0] += reference[at];
            sums[1] += aligned[at];
            count += 1;
        }
    for (int image = 0; image < 2; image++) work.origin[image] = (float)(count > 0 ? sums[image] / count : 0);
    float *blurred = malloc(sizeof(float) * (size_t)(2 * total));
    work.sums = malloc(sizeof(float) * (size_t)(2 * MOMENTS * nodes));
    int failed = !blurred || !work.sums;
    float *gain = blurred, *offset = blurred ? blurred + total : NULL;
    double best = 2;
    *blur_mm = 0;
    work.blurred = matched;
    /* Half millimetres: finer steps are not seen under the noise. */
    for (int step = 0; step <= 6 && !failed; step++) {
        double unexplained = 0;
        failed = ck_gaussian(reference, size, spacing, 0.5 * step, threads, matched) ||
                 regress(&work, window_mm, threads, &unexplained);
        if (!failed && unexplained < best - 1e-6) {
            best = unexplained;
            *blur_mm = 0.5 * step;
        }
    }
    double unexplained = 0, theirs = 0, ours = 0;
    failed = failed || ck_gaussian(reference, size, spacing, *blur_mm, threads, matched) ||
             regress(&work, window_mm, threads, &unexplained) ||
             ck_grid_resample(work.sums, &work.nodes, &grid, threads, gain) ||
             ck_grid_resample(work.sums + nodes, &work.nodes, &grid, threads, offset);
    for (int64_t at = 0; !failed && at < total; at++)
        matched[at] = gain[at] * (matched[at] - work.origin[0]) + offset[at] + work.origin[1];
    failed = failed || ck_noise(original, &grid, region, &theirs) ||
             ck_noise(matched, &grid, region, &ours);
    *noise = theirs > ours ? sqrt(theirs * theirs - ours * ours) : 0;
    free(blurred);
    free(work.sums);
    return failed ? -1 : 0;
}
