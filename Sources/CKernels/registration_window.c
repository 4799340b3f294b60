#pragma STDC FP_CONTRACT OFF
#include "ck_parallel.h"
#include "registration_internal.h"

#include <stdlib.h>
#include <string.h>

void ck_window_free(ck_window_t *window) {
    free(window->whole);
    free(window->nodes_share);
    free(window->moments);
    free(window->rows);
    free(window->is_cut);
    ck_taps_free(window->taps);
    memset(window, 0, sizeof *window);
}

static int64_t row_floats(const ck_window_t *window) {
    const int64_t *m = window->nodes.n;
    return 2 * m[0] * m[1] + m[0] + 2 * window->grid.n[0];
}

int ck_window_make(ck_window_t *window, const ck_grid_t *grid, double sigma_mm, double common_share,
                   double whole_share) {
    memset(window, 0, sizeof *window);
    window->common_share = (float)common_share;
    window->whole_share = (float)whole_share;
    window->grid = *grid;
    window->sigma_mm = sigma_mm;
    ck_grid_factors(grid, sigma_mm / 4, window->f);
    window->nodes = ck_grid_blocks(grid, window->f);
    const size_t total = (size_t)ck_grid_count(grid), nodes = (size_t)ck_grid_count(&window->nodes);
    window->whole = malloc(sizeof(float) * total);
    window->nodes_share = malloc(sizeof(float) * 2 * nodes);
    window->moments = malloc(sizeof(float) * 4 * nodes);
    window->rows = malloc(sizeof(float) * (size_t)(grid->n[2] * row_floats(window)));
    window->is_cut = malloc((size_t)grid->n[2]);
    if (!window->whole || !window->nodes_share || !window->moments || !window->rows || !window->is_cut) return -1;
    return ck_taps_make(window->taps, &window->nodes, grid);
}

typedef struct {
    ck_window_t *window;
    const uint8_t *seen, *support;
    const float *image, *normalised;
    float *out;
    float origin, epsilon;
} work_t;

/* Share of every block that is seen, and with an image its sums of values and squares over what is seen. */
static void blocks_plane(void *context, int64_t bz) {
    const work_t *work = context;
    ck_window_t *window = work->window;
    const int64_t *n = window->grid.n, *m = window->nodes.n, *f = window->f, nodes = ck_grid_count(&window->nodes);
    const int64_t z1 = bz * f[2] + f[2] < n[2] ? bz * f[2] + f[2] : n[2];
    for (int64_t by = 0; by < m[1]; by++) {
        const int64_t y1 = by * f[1] + f[1] < n[1] ? by * f[1] + f[1] : n[1];
        for (int64_t bx = 0; bx < m[0]; bx++) {
            const int64_t x1 = bx * f[0] + f[0] < n[0] ? bx * f[0] + f[0] : n[0];
            float sum = 0, squares = 0;
            int64_t count = 0, all = 0;
            for (int64_t z = bz * f[2]; z < z1; z++)
                for (int64_t y = by * f[1]; y < y1; y++) {
                    const int64_t row = n[0] * (y + n[1] * z);
                    for (int64_t x = bx * f[0]; x < x1; x++) {
                        if (!work->seen[row + x]) continue;
                        count++;
                        if (!work->image) continue;
                        const float value = work->image[row + x] - work->origin;
                        sum += value;
                        squares += value * value;
                    }
                    all += x1 - bx * f[0];
                }
            const int64_t at = bx + m[0] * (by + m[1] * bz);
            if (work->image) {
                window->moments[at] = sum / (float)all;
                window->moments[nodes + at] = squares / (float)all;
            } else {
                window->nodes_share[at] = (float)count / (float)all;
            }
        }
    }
}

/* How far the values of a plane stay those of whole windows, and whether any that takes part does not. */
static void share_plane(void *context, int64_t z) {
    const work_t *work = context;
    ck_window_t *window = work->window;
    const int64_t *m = window->nodes.n, nx = window->grid.n[0];
    float *plane = window->rows + z * row_floats(window), *row = plane + m[0] * m[1];
    ck_taps_plane(window->taps, window->nodes_share, &window->nodes, z, plane);
    const float common = window->common_share, span = window->whole_share - common;
    uint8_t is_cut = 0;
    for (int64_t y = 0; y < window->grid.n[1]; y++) {
        const int64_t at = nx * (y + window->grid.n[1] * z);
        float *whole = window->whole + at;
        ck_taps_row(window->taps, plane, &window->nodes, &window->grid, y, row, whole);
        for (int64_t x = 0; x < nx; x++) {
            const float t = (whole[x] - common) / span;
            whole[x] = t < 0 ? 0 : (t > 1 ? 1 : t);
            is_cut |= whole[x] < 1 && work->support[at + x];
        }
    }
    window->is_cut[z] = is_cut;
}

int ck_window_see(ck_window_t *window, const uint8_t *seen, const uint8_t *support, int threads, int *is_cut) {
    work_t work = {.window = window, .seen = seen, .support = support};
    const int64_t nodes = ck_grid_count(&window->nodes);
    ck_parallel_for(window->nodes.n[2], threads, blocks_plane, &work);
    if (ck_grid_smooth(window->nodes_share, window->nodes_share + nodes, 1, &window->nodes, window->sigma_mm, threads))
        return -1;
    ck_parallel_for(window->grid.n[2], threads, share_plane, &work);
    *is_cut = 0;
    for (int64_t z = 0; z < window->grid.n[2]; z++) *is_cut |= window->is_cut[z];
    return 0;
}

static void normalise_plane(void *context, int64_t z) {
    const work_t *work = context;
    ck_window_t *window = work->window;
    const int64_t *m = window->nodes.n, nx = window->grid.n[0], nodes = ck_grid_count(&window->nodes);
    float *mean = window->rows + z * row_floats(window), *square = mean + m[0] * m[1], *row = square + m[0] * m[1];
    float *a = row + m[0], *b = a + nx;
    ck_taps_plane(window->taps, window->moments, &window->nodes, z, mean);
    ck_taps_plane(window->taps, window->moments + nodes, &window->nodes, z, square);
    for (int64_t y = 0; y < window->grid.n[1]; y++) {
        const int64_t at = nx * (y + window->grid.n[1] * z);
        float *out = work->out + at;
        ck_taps_row(window->taps, mean, &window->nodes, &window->grid, y, row, a);
        ck_taps_row(window->taps, square, &window->nodes, &window->grid, y, row, b);
        ck_normalise_row(work->image + at, a, b, nx, work->origin, work->epsilon, out);
        const float *whole = window->whole + at, *normalised = work->normalised + at;
        for (int64_t x = 0; x < nx; x++) out[x] = whole[x] * normalised[x] + (1 - whole[x]) * out[x];
    }
}

int ck_window_normalise(ck_window_t *window, const float *image, const uint8_t *seen, float origin, float epsilon,
                        const float *normalised, int threads, float *out) {
    work_t work = {window, seen, NULL, image, normalised, out, origin, epsilon};
    const int64_t nodes = ck_grid_count(&window->nodes);
    ck_parallel_for(window->nodes.n[2], threads, blocks_plane, &work);
    if (ck_grid_smooth(window->moments, window->moments + 2 * nodes, 2, &window->nodes, window->sigma_mm, threads))
        return -1;
    for (int64_t at = 0; at < nodes; at++) {
        const float share = window->nodes_share[at] > 1e-6f ? window->nodes_share[at] : 1e-6f;
        window->moments[at] /= share;
        window->moments[nodes + at] /= share;
    }
    ck_parallel_for(window->grid.n[2], threads, normalise_plane, &work);
    return 0;
}
