#pragma STDC FP_CONTRACT OFF
#include "ck_surface.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ck_parallel.h"
#include "surface_internal.h"

/* Both masks are packed to one bit per voxel while they are counted; borders and corners then come from a few
   operations on words, and only border points are visited one by one. */

typedef struct {
    const uint8_t *voxels[2];
    point_set_t masks[2];
    int64_t (*counts)[3]; /* per slice: generated, reference, both */
    /* The set being derived from masks[which]. */
    point_set_t *derived;
    int which, corners;
} build_t;

static int allocate_set(point_set_t *set, int64_t nx, int64_t ny, int64_t nz) {
    set->nx = nx;
    set->ny = ny;
    set->nz = nz;
    set->words = (nx + 63) / 64;
    set->bits = calloc((size_t)(set->words * ny * nz), sizeof *set->bits);
    set->first_word = malloc((size_t)(ny * nz) * sizeof *set->first_word);
    set->last_word = malloc((size_t)(ny * nz) * sizeof *set->last_word);
    set->slice_starts = calloc((size_t)(nz + 1), sizeof *set->slice_starts);
    return set->bits == NULL || set->first_word == NULL || set->last_word == NULL || set->slice_starts == NULL ? -1 : 0;
}

static void free_set(point_set_t *set) {
    free(set->bits);
    free(set->first_word);
    free(set->last_word);
    free(set->slice_starts);
}

typedef uint8_t bytes_t __attribute__((vector_size(64), aligned(1), may_alias));
typedef _Bool flags_t __attribute__((ext_vector_type(64)));

/* Packs a row; returns whether it holds any voxel. */
static inline __attribute__((always_inline)) int pack_row(const uint8_t *voxels, int64_t nx, uint64_t *words) {
    uint64_t any = 0;
    int64_t word = 0;
    for (; (word + 1) * 64 <= nx; word++) {
        const bytes_t eight = *(const bytes_t *)(voxels + word * 64);
        const flags_t set = __builtin_convertvector(eight != 0, flags_t);
        memcpy(&words[word], &set, 8);
        any |= words[word];
    }
    if (word * 64 < nx) {
        uint64_t rest = 0;
        for (int64_t x = word * 64; x < nx; x++) rest |= (uint64_t)(voxels[x] != 0) << (x & 63);
        words[word] = rest;
        any |= rest;
    }
    return any != 0;
}

CK_CLONES static void pack_slice(build_t *build, int64_t z) {
    const int64_t nx = build->masks[0].nx, ny = build->masks[0].ny, words = build->masks[0].words;
    int64_t counts[3] = {0, 0, 0};
    for (int64_t y = 0; y < ny; y++) {
        const int64_t row = z * ny + y;
        int any[2];
        for (int side = 0; side < 2; side++) {
            any[side] = pack_row(build->voxels[side] + row * nx, nx, build->masks[side].bits + row * words);
        }
        if (!any[0] && !any[1]) continue;
        const uint64_t *a = build->masks[0].bits + row * words, *b = build->masks[1].bits + row * words;
        for (int64_t w = 0; w < words; w++) {
            counts[0] += __builtin_popcountll(a[w]);
            counts[1] += __builtin_popcountll(b[w]);
            counts[2] += __builtin_popcountll(a[w] & b[w]);
        }
    }
    for (int i = 0; i < 3; i++) build->counts[z][i] = counts[i];
}

static const uint64_t *row_or(const point_set_t *mask, int64_t y, int64_t z, const uint64_t *empty) {
    return y < 0 || y >= mask->ny || z < 0 || z >= mask->nz ? empty : row_of(mask, y, z);
}

/* Border voxels of one slice: set, with a face neighbour that is not. */
static int64_t border_row(const point_set_t *mask, int64_t y, int64_t z, const uint64_t *empty, uint64_t *out) {
    const uint64_t *row = row_of(mask, y, z);
    const uint64_t *around[4] = {row_or(mask, y - 1, z, empty), row_or(mask, y + 1, z, empty),
                                 row_or(mask, y, z - 1, empty), row_or(mask, y, z + 1, empty)};
    int64_t count = 0;
    for (int64_t w = 0; w < mask->words; w++) {
        const uint64_t bits = row[w];
        if (bits == 0) {
            out[w] = 0;
            continue;
        }
        const uint64_t left = bits << 1 | (w > 0 ? row[w - 1] >> 63 : 0);
        const uint64_t right = bits >> 1 | (w + 1 < mask->words ? row[w + 1] << 63 : 0);
        out[w] = bits & ~(left & right & around[0][w] & around[1][w] & around[2][w] & around[3][w]);
        count += __builtin_popcountll(out[w]);
    }
    return count;
}

/* Corners of voxels between unlike voxels. Corner x lies between voxels x - 1 and x, and so along y and z. */
static int64_t corner_row(const point_set_t *mask, int64_t words, int64_t y, int64_t z, const uint64_t *empty,
                          uint64_t *out) {
    const uint64_t *around[4] = {row_or(mask, y - 1, z - 1, empty), row_or(mask, y, z - 1, empty),
                                 row_or(mask, y - 1, z, empty), row_or(mask, y, z, empty)};
    uint64_t any_before = 0, all_before = 0;
    int64_t count = 0;
    for (int64_t w = 0; w < words; w++) {
        uint64_t any = 0, all = 0;
        if (w < mask->words) {
            any = around[0][w] | around[1][w] | around[2][w] | around[3][w];
            all = around[0][w] & around[1][w] & around[2][w] & around[3][w];
        }
        out[w] = (any | any << 1 | any_before >> 63) & ~(all & (all << 1 | all_before >> 63));
        any_before = any;
        all_before = all;
        count += __builtin_popcountll(out[w]);
    }
    return count;
}

static void derive_slice(void *context, int64_t z) {
    build_t *build = context;
    const point_set_t *mask = &build->masks[build->which];
    point_set_t *set = build->derived;
    const uint64_t *empty = mask->bits + mask->words * mask->ny * mask->nz; /* one more row, all zero */
    int64_t count = 0;
    for (int64_t y = 0; y < set->ny; y++) {
        const int64_t row = z * set->ny + y;
        uint64_t *out = set->bits + row * set->words;
        const int64_t found = build->corners ? corner_row(mask, set->words, y, z, empty, out)
                                             : border_row(mask, y, z, empty, out);
        int32_t first = 0, last = -1;
        if (found > 0) {
            while (out[first] == 0) first++;
            last = (int32_t)set->words - 1;
            while (out[last] == 0) last--;
        }
        set->first_word[row] = first;
        set->last_word[row] = last;
        count += found;
    }
    set->slice_starts[z + 1] = count; /* summed up afterwards */
}

static int derive(build_t *build, int which, int corners, int threads, point_set_t *set) {
    const point_set_t *mask = &build->masks[which];
    const int64_t more = corners ? 1 : 0;
    if (allocate_set(set, mask->nx + more, mask->ny + more, mask->nz + more) != 0) return -1;
    build->which = which;
    build->corners = corners;
    build->derived = set;
    ck_parallel_for(set->nz, threads, derive_slice, build);
    for (int64_t z = 0; z < set->nz; z++) set->slice_starts[z + 1] += set->slice_starts[z];
    return 0;
}

static inline unsigned bit_at(const uint64_t *row, int64_t x, int64_t nx) {
    return x < 0 || x >= nx ? 0 : (unsigned)(row[x >> 6] >> (x & 63)) & 1u;
}

typedef struct {
    const point_set_t *mask, *corners;
    uint8_t *codes;
} code_job_t;

static void code_slice(void *context, int64_t z) {
    const code_job_t *job = context;
    const point_set_t *mask = job->mask, *set = job->corners;
    const uint64_t *empty = mask->bits + mask->words * mask->ny * mask->nz;
    int64_t at = set->slice_starts[z];
    for (int64_t y = 0; y < set->ny; y++) {
        const int64_t row = z * set->ny + y;
        const uint64_t *around[4] = {row_or(mask, y - 1, z - 1, empty), row_or(mask, y, z - 1, empty),
                                     row_or(mask, y - 1, z, empty), row_or(mask, y, z, empty)};
        for (int64_t w = set->first_word[row]; w <= set->last_word[row]; w++) {
            for (uint64_t bits = row_of(set, y, z)[w]; bits != 0; bits &= bits - 1) {
                const int64_t x = w * 64 + __builtin_ctzll(bits);
                unsigned code = 0;
                for (int line = 0; line < 4; line++) {
                    code |= (bit_at(around[line], x - 1, mask->nx) | bit_at(around[line], x, mask->nx) << 1) << (2 * line);
                }
                job->codes[at++] = (uint8_t)code;
            }
        }
    }
}

/* Turns squared distances into distances, and sums them up in order. */
typedef struct {
    double *distances;
    int64_t counts[2];
    const uint8_t *codes[2]; /* NULL: not weighted */
    const double *areas;
    double tolerance;
    ck_directed_t *directed[2];
    double *pooled;
} summary_job_t;

CK_CLONES static void take_roots(double *values, int64_t n) {
    for (int64_t i = 0; i < n; i++) values[i] = sqrt(values[i]);
}

static double interpolate(double a, double b, double t) { return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t; }

/* Linear interpolation between ranks (type 7). */
static double percentile(const double *values, int64_t n, double fraction) {
    const double position = fraction * (double)(n - 1);
    const int64_t rank = (int64_t)position;
    double value, next;
    select_rank(values, n, rank, &value, &next);
    return interpolate(value, next, position - (double)rank);
}

static void summarize_side(void *context, int64_t side) {
    summary_job_t *job = context;
    double *distances = job->distances + (side == 1 ? job->counts[0] : 0);
    if (side == 2) {
        *job->pooled = percentile(job->distances, job->counts[0] + job->counts[1], 0.95);
        return;
    }
    const int64_t n = job->counts[side];
    const uint8_t *codes = job->codes[side];
    ck_directed_t d = {.elements = n};
    /* A distance that equals the tolerance but for rounding is within it. */
    const double tolerance = job->tolerance * (1 + 1e-9);
    for (int64_t from = 0; from < n; from += 4096) {
        const int64_t to = from + 4096 < n ? from + 4096 : n;
        double total = 0, sum = 0, within = 0;
        for (int64_t i = from; i < to; i++) {
            const double distance = distances[i], weight = codes == NULL ? 1 : job->areas[codes[i]];
            total += weight;
            sum += weight * distance;
            within += distance <= tolerance ? weight : 0;
            d.maximum = distance > d.maximum ? distance : d.maximum;
        }
        d.total += total;
        d.weighted_sum += sum;
        d.within += within;
    }
    d.percentile_95 = codes == NULL ? percentile(distances, n, 0.95)
                                    : select_weighted(distances, codes, job->areas, n, d.total, 0.95);
    *job->directed[side] = d;
}

/* Measures one kind of surface element. */
static int measure(build_t *build, int corners, const double *spacing, const double *areas, double tolerance, int threads,
                   ck_surface_result_t *result) {
    point_set_t sets[2] = {{0}, {0}};
    uint8_t *codes[2] = {NULL, NULL};
    double *distances = NULL;
    int status = -1;
    if (derive(build, 0, corners, threads, &sets[0]) != 0) goto done;
    if (derive(build, 1, corners, threads, &sets[1]) != 0) goto done;
    const int64_t counts[2] = {sets[0].slice_starts[sets[0].nz], sets[1].slice_starts[sets[1].nz]};
    distances = malloc((size_t)(counts[0] + counts[1]) * sizeof *distances);
    if (distances == NULL) goto done;
    if (nearest_squared_distances(&sets[0], &sets[1], spacing, threads, distances) != 0) goto done;
    if (nearest_squared_distances(&sets[1], &sets[0], spacing, threads, distances + counts[0]) != 0) goto done;
    take_roots(distances, counts[0] + counts[1]);
    for (int side = 0; side < 2 && corners; side++) {
        codes[side] = malloc((size_t)counts[side]);
        if (codes[side] == NULL) goto done;
        code_job_t job = {&build->masks[side], &sets[side], codes[side]};
        ck_parallel_for(sets[side].nz, threads, code_slice, &job);
    }
    summary_job_t job = {
        .distances = distances,
        .counts = {counts[0], counts[1]},
        .codes = {codes[0], codes[1]},
        .areas = areas,
        .tolerance = tolerance,
        .directed = {corners ? &result->generated_to_reference_surfels : &result->generated_to_reference,
                     corners ? &result->reference_to_generated_surfels : &result->reference_to_generated},
        .pooled = &result->pooled_percentile_95,
    };
    ck_parallel_for(corners ? 2 : 3, threads, summarize_side, &job);
    status = 0;
done:
    for (int side = 0; side < 2; side++) {
        free_set(&sets[side]);
        free(codes[side]);
    }
    free(distances);
    return status;
}

static void run_pack_slice(void *context, int64_t z) { pack_slice(context, z); }

int ck_surface(const uint8_t *generated, const uint8_t *reference, int64_t nx, int64_t ny, int64_t nz,
               const double *spacing_mm, double tolerance_mm, int parts, int threads, ck_surface_result_t *result) {
    memset(result, 0, sizeof *result);
    build_t build = {.voxels = {generated, reference}};
    int status = -1;
    const int64_t words = (nx + 63) / 64;
    for (int side = 0; side < 2; side++) {
        point_set_t *mask = &build.masks[side];
        *mask = (point_set_t){.nx = nx, .ny = ny, .nz = nz, .words = words};
        /* One row more, which stays empty, stands for everything outside the image. */
        mask->bits = calloc((size_t)(words * (ny * nz + 1)), sizeof *mask->bits);
        if (mask->bits == NULL) goto done;
    }
    build.counts = malloc((size_t)nz * sizeof *build.counts);
    if (build.counts == NULL) goto done;
    ck_parallel_for(nz, threads, run_pack_slice, &build);
    for (int64_t z = 0; z < nz; z++) {
        result->generated_voxels += build.counts[z][0];
        result->reference_voxels += build.counts[z][1];
        result->common_voxels += build.counts[z][2];
    }
    status = 0;
    if (result->generated_voxels == 0 || result->reference_voxels == 0) goto done;
    if (parts & CK_SURFACE_VOXELS) {
        status = measure(&build, 0, spacing_mm, NULL, tolerance_mm, threads, result);
    }
    if (status == 0 && parts & CK_SURFACE_SURFELS) {
        double areas[256];
        ck_surfel_areas(spacing_mm, areas);
        status = measure(&build, 1, spacing_mm, areas, tolerance_mm, threads, result);
    }
done:
    for (int side = 0; side < 2; side++) free_set(&build.masks[side]);
    free(build.counts);
    return status;
}
