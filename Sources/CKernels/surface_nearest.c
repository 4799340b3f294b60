#pragma STDC FP_CONTRACT OFF
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "ck_parallel.h"
#include "surface_internal.h"

/* Surfaces that are compared mostly run close together. So from a point the rows of the other set are visited in the
   order of their distance, a few bits around the point's x are looked at in each, and the search ends as soon as the
   next row is farther away than the nearest point found. Points with nothing near are answered by a tree. */
enum { ROW_OFFSETS = 384, SKIP_AFTER_MISS = 8, NEAR = 32 };

typedef struct {
    double squared;
    int32_t dy, dz;
} offset_t;

typedef struct {
    const point_set_t *from, *to;
    const double *spacing;
    double *squared;
    offset_t *offsets;
    int64_t offset_count, reach_y, reach_z;
    double reach; /* all rows whose squared distance is at most this are in the list */
    point_tree_t *tree;
    double extent; /* above any squared distance in the grid */
    atomic_int_least64_t missed;
} job_t;

static int compare_offsets(const void *a, const void *b) {
    const offset_t *x = a, *y = b;
    if (x->squared != y->squared) return x->squared < y->squared ? -1 : 1;
    if (x->dz != y->dz) return x->dz < y->dz ? -1 : 1;
    return (x->dy > y->dy) - (x->dy < y->dy);
}

static int list_offsets(job_t *job) {
    const double sy = job->spacing[1], sz = job->spacing[2];
    const double pi = 3.14159265358979323846;
    const double radius = sqrt(ROW_OFFSETS * sy * sz / pi);
    const int64_t last_y = job->to->ny - 1, last_z = job->to->nz - 1;
    const int64_t ry = (int64_t)(radius / sy) < last_y ? (int64_t)(radius / sy) : last_y;
    const int64_t rz = (int64_t)(radius / sz) < last_z ? (int64_t)(radius / sz) : last_z;
    job->reach = radius * radius;
    job->reach_y = ry;
    job->reach_z = rz;
    job->offsets = malloc((size_t)((2 * ry + 1) * (2 * rz + 1)) * sizeof *job->offsets);
    if (job->offsets == NULL) return -1;
    job->offset_count = 0;
    for (int64_t dz = -rz; dz <= rz; dz++) {
        for (int64_t dy = -ry; dy <= ry; dy++) {
            const double squared = squared_distance(0, dy, dz, job->spacing);
            if (squared > job->reach) continue;
            job->offsets[job->offset_count++] = (offset_t){squared, (int32_t)dy, (int32_t)dz};
        }
    }
    qsort(job->offsets, (size_t)job->offset_count, sizeof *job->offsets, compare_offsets);
    return 0;
}

/* Nearest set bit of a row to x: the smaller of `best` and its squared distance. */
static inline __attribute__((always_inline)) double search_row(const uint64_t *row, int64_t first, int64_t last, int64_t x, double spacing,
                                double row_squared, double best) {
    const int64_t word = x >> 6, bit = x & 63;
    int64_t steps = INT64_MAX;
    if (word >= first && word <= last) {
        const uint64_t right = row[word] >> bit, left = row[word] << (63 - bit);
        if (right != 0) steps = __builtin_ctzll(right);
        if (left != 0 && __builtin_clzll(left) < steps) steps = __builtin_clzll(left);
    }
    if (steps != INT64_MAX) {
        const double dx = (double)steps * spacing, squared = dx * dx + row_squared;
        if (squared < best) best = squared;
    }
    for (int64_t w = word + 1 > first ? word + 1 : first; w <= last; w++) {
        double dx = (double)(w * 64 - x) * spacing;
        if (!(dx * dx + row_squared < best)) break;
        if (row[w] == 0) continue;
        dx = (double)(w * 64 + __builtin_ctzll(row[w]) - x) * spacing;
        const double squared = dx * dx + row_squared;
        if (squared < best) best = squared;
        break;
    }
    for (int64_t w = word - 1 < last ? word - 1 : last; w >= first; w--) {
        double dx = (double)(x - (w * 64 + 63)) * spacing;
        if (!(dx * dx + row_squared < best)) break;
        if (row[w] == 0) continue;
        dx = (double)(x - (w * 64 + 63 - __builtin_clzll(row[w]))) * spacing;
        const double squared = dx * dx + row_squared;
        if (squared < best) best = squared;
        break;
    }
    return best;
}

/* Where the bits around an x lie in every row: NEAR to the left, x itself and NEAR - 1 to the right, in two words. */
typedef struct {
    int64_t words[2];
    uint64_t keep[2]; /* 0: that word lies outside of the grid */
    int shift;
} around_t;

static inline __attribute__((always_inline)) around_t around(int64_t x, int64_t words) {
    const int64_t from = x - NEAR, word = from >= 0 ? from >> 6 : -1;
    return (around_t){
        .words = {word >= 0 ? word : 0, word + 1 < words ? word + 1 : words - 1},
        .keep = {word >= 0 ? UINT64_MAX : 0, word + 1 < words ? UINT64_MAX : 0},
        .shift = (int)(from & 63),
    };
}

/* -1: the nearest point is too far for this search. */
static inline __attribute__((always_inline)) double search_near(const job_t *job, int64_t x, int64_t y, int64_t z) {
    const point_set_t *to = job->to;
    const around_t bits = around(x, to->words);
    const double spacing = job->spacing[0], beyond = (NEAR * spacing) * (NEAR * spacing);
    const int inside = y >= job->reach_y && y + job->reach_y < to->ny && z >= job->reach_z && z + job->reach_z < to->nz;
    double best = job->extent;
    for (int64_t i = 0; i < job->offset_count; i++) {
        const offset_t *offset = &job->offsets[i];
        if (!(offset->squared < best)) break;
        const int64_t ry = y + offset->dy, rz = z + offset->dz;
        if (!inside && (ry < 0 || ry >= to->ny || rz < 0 || rz >= to->nz)) continue;
        const int64_t row = rz * to->ny + ry;
        const uint64_t *line = to->bits + row * to->words;
        const uint64_t left_word = line[bits.words[0]] & bits.keep[0], right_word = line[bits.words[1]] & bits.keep[1];
        const uint64_t near = left_word >> bits.shift | right_word << 1 << (63 - bits.shift);
        if (near != 0) {
            /* One bit more in each half, where it is farther than any other, for a half that is empty. */
            const int right = __builtin_ctzll(near >> NEAR | UINT64_C(1) << (NEAR + 1));
            const int left = __builtin_clzll(near << NEAR | UINT64_C(1) << (NEAR - 3)) + 1;
            const double dx = (double)(left < right ? left : right) * spacing, squared = dx * dx + offset->squared;
            best = squared < best ? squared : best;
        } else if (beyond + offset->squared < best && to->first_word[row] <= to->last_word[row]) {
            best = search_row(line, to->first_word[row], to->last_word[row], x, spacing, offset->squared, best);
        }
    }
    return best <= job->reach ? best : -1;
}

CK_CLONES static void search_slice(job_t *job, int64_t z) {
    const point_set_t *from = job->from;
    int64_t at = from->slice_starts[z], missed = 0;
    if (at == from->slice_starts[z + 1]) return;
    int64_t miss_x = INT32_MIN, miss_y = INT32_MIN;
    for (int64_t y = 0; y < from->ny; y++) {
        const int64_t row = z * from->ny + y;
        for (int64_t w = from->first_word[row]; w <= from->last_word[row]; w++) {
            for (uint64_t bits = row_of(from, y, z)[w]; bits != 0; bits &= bits - 1) {
                const int64_t x = w * 64 + __builtin_ctzll(bits);
                double squared = -1;
                /* Beside a point with nothing near there is most likely nothing near either. */
                if (llabs(x - miss_x) + llabs(y - miss_y) > SKIP_AFTER_MISS) {
                    squared = search_near(job, x, y, z);
                    if (squared < 0) miss_x = x, miss_y = y;
                }
                missed += squared < 0;
                job->squared[at++] = squared;
            }
        }
    }
    if (missed > 0) atomic_fetch_add_explicit(&job->missed, missed, memory_order_relaxed);
}

static void run_search_slice(void *context, int64_t z) { search_slice(context, z); }

static void search_missed(void *context, int64_t z) {
    job_t *job = context;
    const point_set_t *from = job->from;
    int64_t at = from->slice_starts[z];
    if (at == from->slice_starts[z + 1]) return;
    /* A neighbour's distance bounds this one's: the two differ by no more than the step between them. */
    double near = -1;
    int32_t before[3] = {0, 0, 0};
    for (int64_t y = 0; y < from->ny; y++) {
        const int64_t row = z * from->ny + y;
        for (int64_t w = from->first_word[row]; w <= from->last_word[row]; w++) {
            for (uint64_t bits = row_of(from, y, z)[w]; bits != 0; bits &= bits - 1, at++) {
                if (job->squared[at] >= 0) continue;
                const int32_t point[3] = {(int32_t)(w * 64 + __builtin_ctzll(bits)), (int32_t)y, (int32_t)z};
                double bound = job->extent;
                if (near >= 0) {
                    const double step =
                        sqrt(squared_distance(point[0] - before[0], point[1] - before[1], 0, job->spacing));
                    const double reach = (sqrt(near) + step) * (1 + 1e-9);
                    bound = reach * reach < bound ? reach * reach : bound;
                }
                near = point_tree_nearest(job->tree, point, bound);
                job->squared[at] = near;
                for (int axis = 0; axis < 3; axis++) before[axis] = point[axis];
            }
        }
    }
}

int nearest_squared_distances(const point_set_t *from, const point_set_t *to, const double *spacing, int threads,
                              double *squared) {
    job_t job = {.from = from, .to = to, .spacing = spacing, .squared = squared};
    job.extent = 4 * squared_distance(from->nx + to->nx, from->ny + to->ny, from->nz + to->nz, spacing);
    atomic_init(&job.missed, 0);
    if (list_offsets(&job) != 0) return -1;
    ck_parallel_for(from->nz, threads, run_search_slice, &job);
    int status = 0;
    if (atomic_load(&job.missed) > 0) {
        job.tree = point_tree_make(to, spacing);
        if (job.tree != NULL) ck_parallel_for(from->nz, threads, search_missed, &job);
        else status = -1;
        point_tree_free(job.tree);
    }
    free(job.offsets);
    return status;
}
