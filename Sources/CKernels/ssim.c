#pragma STDC FP_CONTRACT OFF
#include "ck_image.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ck_parallel.h"

/* Structural similarity, fused: each input row is read once, its products are filtered along u into a ring of rows,
   the ring is filtered along v (and a ring of planes along w), and the formula is applied while the row is hot.
   Four fields are enough, because the formula needs only the sum of the two variances: x, y, x^2 + y^2, xy.
   All arithmetic is in double. Plain weighted sums, no running sums: a NaN stays in the windows that see it. */

#define INLINE static inline __attribute__((always_inline))

enum { FIELDS = 4, LANES = 8, MAXIMUM_TAPS = 11, STRIP = 96, TILE_U = 64, TILE_V = 32 };

typedef double lanes_t __attribute__((vector_size(64), aligned(8), may_alias));

/* exp(-k^2 / (2 * 1.5^2)) for k = 0…5, divided by the sum over k = -5…5. */
static const double gaussian_half[6] = {
    0x1.106560aa892c0p-2, 0x1.b43c3f52b19f2p-3, 0x1.bff0fe8e98418p-4,
    0x1.26eb175d83f66p-5, 0x1.f1fe01ae5a5b7p-8, 0x1.0d956b52a1d6fp-10,
};

typedef struct {
    const ck_ssim_t *problem;
    int taps;
    double weights[6]; /* from the centre outwards */
    int64_t strips, rows_of_tiles, items;
    double *sums;
    int64_t *counts, *dropped;
    atomic_int failed;
} job_t;

typedef struct {
    double fields[FIELDS][MAXIMUM_TAPS][STRIP];
} ring_t;

typedef struct {
    double sums[LANES];
    double counts[LANES]; /* whole numbers far below 2^53 */
    double dropped[LANES];
} tally_t;

/* Eight values at an address; a macro, because a function that returns a vector has no portable calling convention. */
#define AT(address) (*(lanes_t *)(uintptr_t)(address))

/* Reads `count` values of one row as prepared for the formula, minus the shift. */
INLINE void read_row(const ck_ssim_t *p, const float *image, int64_t at, int count, double *row) {
    const int64_t step = p->stride[0];
    const double low = p->clip_low, high = p->clip_high, offset = p->origin + p->shift;
    const float *from = image + at;
    float gathered[STRIP + MAXIMUM_TAPS];
    if (step != 1) {
        for (int i = 0; i < count; i++) gathered[i] = from[i * step];
        from = gathered;
    }
    for (int i = 0; i < count; i++) {
        double value = (double)from[i];
        value = value < low ? low : value;
        value = value > high ? high : value;
        row[i] = value - offset;
    }
    if (p->fill_outside) {
        const uint8_t *region = p->region + at;
        for (int i = 0; i < count; i++) row[i] = region[i * step] ? row[i] : p->fill - offset;
    }
}

/* Filters one input row along u into slot `slot` of the ring. `width` is a multiple of LANES. */
INLINE void push_row(const job_t *job, int64_t at, int valid, int width, int taps, ring_t *ring, int slot) {
    const int radius = taps / 2;
    double rows[FIELDS][STRIP + MAXIMUM_TAPS + LANES];
    const int count = valid + taps - 1;
    read_row(job->problem, job->problem->generated, at, count, rows[0]);
    read_row(job->problem, job->problem->reference, at, count, rows[1]);
    for (int i = count; i < width + taps - 1; i++) rows[0][i] = rows[1][i] = 0;
    for (int i = 0; i < width + taps - 1; i++) {
        double x = rows[0][i], y = rows[1][i];
        rows[2][i] = x * x + y * y;
        rows[3][i] = x * y;
    }
    for (int field = 0; field < FIELDS; field++) {
        const double *from = rows[field] + radius;
        for (int i = 0; i < width; i += LANES) {
            lanes_t sum = job->weights[0] * AT(from + i);
            for (int k = 1; k <= radius; k++) sum += job->weights[k] * (AT(from + i - k) + AT(from + i + k));
            AT(ring->fields[field][slot] + i) = sum;
        }
    }
}

/* Filters the ring along v. `first` is the slot of the oldest row. */
INLINE void filter_rows(const job_t *job, const ring_t *ring, int first, int width, int taps, double *out, int64_t pitch) {
    const int radius = taps / 2;
    int slots[MAXIMUM_TAPS];
    for (int k = 0; k < taps; k++) slots[k] = (first + k) % taps;
    for (int field = 0; field < FIELDS; field++) {
        for (int i = 0; i < width; i += LANES) {
            lanes_t sum = job->weights[0] * AT(ring->fields[field][slots[radius]] + i);
            for (int k = 1; k <= radius; k++) {
                sum += job->weights[k]
                     * (AT(ring->fields[field][slots[radius - k]] + i) + AT(ring->fields[field][slots[radius + k]] + i));
            }
            AT(out + field * pitch + i) = sum;
        }
    }
}

/* x to the power w for 0 <= x, w in (0, 1]: only operations that round the same everywhere, unlike a library's pow.
   log by the series of atanh on [sqrt(1/2), sqrt(2)), exp by its own; both to the last bits of a double. */
INLINE double power(double x, double w) {
    const double ln2 = 0x1.62e42fefa39efp-1, magic = 0x1.8p52;
    int64_t bits;
    memcpy(&bits, &x, 8);
    const int64_t carry = ((bits & 0xfffffffffffff) > 0x6a09e667f3bcc) ? 1 : 0; /* mantissa above sqrt(2) */
    int64_t exponent = (bits >> 52) - 1023 + carry;
    int64_t mantissa_bits = (bits & 0xfffffffffffff) | (1023 - carry) << 52;
    double m, e;
    memcpy(&m, &mantissa_bits, 8);
    exponent += 0x4338000000000000; /* the bits of `magic`, so that a subtraction converts */
    memcpy(&e, &exponent, 8);
    e -= magic;
    const double s = (m - 1) / (m + 1), q = s * s;
    double series = 1.0 / 23;
    for (int k = 21; k >= 1; k -= 2) series = series * q + 1.0 / k;
    const double t = w * (e * ln2 + 2 * s * series);
    double n = t * (1 / ln2) + magic;
    int64_t n_bits;
    memcpy(&n_bits, &n, 8);
    n -= magic;
    const double r = t - n * ln2;
    double result = 1;
    for (int k = 14; k >= 1; k--) result = result * r * (1.0 / k) + 1;
    int64_t result_bits;
    memcpy(&result_bits, &result, 8);
    result_bits += (int64_t)((uint64_t)(n_bits - 0x4338000000000000) << 52);
    memcpy(&result, &result_bits, 8);
    return x < 1e-300 ? 0 : result;
}

/* Applies the formula to `valid` windows and adds the counted ones to the tally. `centre` indexes the first centre. */
INLINE void tally_row(const ck_ssim_t *p, const double *fields, int64_t pitch, int64_t centre, int valid, tally_t *tally) {
    const double c1 = p->c1, c2 = p->c2, shift = p->shift, scale = p->covariance_scale;
    const int width = (valid + LANES - 1) / LANES * LANES;
    double map[STRIP], weight[STRIP];
    for (int i = 0; i < width; i++) {
        double mx = fields[i], my = fields[pitch + i];
        double mxx = mx * mx + my * my, mxy = mx * my;
        double variances = (fields[2 * pitch + i] - mxx) * scale;
        double covariance = (fields[3 * pitch + i] - mxy) * scale;
        double ax = mx + shift, ay = my + shift;
        double numerator = (2 * (ax * ay) + c1) * (2 * covariance + c2);
        double denominator = (ax * ax + ay * ay + c1) * (variances + c2);
        map[i] = numerator / denominator;
    }
    if (p->exponent != 0) {
        const double exponent = p->exponent;
        for (int i = 0; i < width; i++) {
            const double value = map[i], base = value > 0 ? value : 0;
            const double raised = power(base, exponent);
            map[i] = value - value == 0 ? raised : value;
        }
    }
    if (p->region == NULL) {
        for (int i = 0; i < valid; i++) weight[i] = 1;
    } else {
        for (int i = 0; i < valid; i++) weight[i] = p->region[centre + i * p->stride[0]] != 0;
    }
    for (int i = valid; i < width; i++) weight[i] = 0;
    for (int i = 0; i < width; i += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            double value = map[i + lane], counted = weight[i + lane];
            double usable = value - value == 0 ? counted : 0;
            tally->sums[lane] += usable != 0 ? value : 0;
            tally->counts[lane] += usable;
            tally->dropped[lane] += counted - usable;
        }
    }
}

/* The order of this sum is part of the result. */
static double add_lanes(const double *lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

static void finish(job_t *job, int64_t item, const tally_t *tally) {
    job->sums[item] = add_lanes(tally->sums);
    job->counts[item] = (int64_t)add_lanes(tally->counts);
    job->dropped[item] = (int64_t)add_lanes(tally->dropped);
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

INLINE void strip_2d(job_t *job, int64_t item, const int taps) {
    const ck_ssim_t *p = job->problem;
    const int radius = taps / 2;
    const int64_t plane = item / job->strips, strip = item % job->strips;
    const int64_t out_u = p->size[0] - taps + 1, out_v = p->size[1] - taps + 1;
    const int64_t u0 = out_u * strip / job->strips, u1 = out_u * (strip + 1) / job->strips;
    const int valid = (int)(u1 - u0), width = (valid + LANES - 1) / LANES * LANES;
    tally_t tally = {0};
    ring_t ring;
    double row[FIELDS * STRIP];

    int64_t v0 = radius, v1 = radius + out_v;
    const int64_t low[3] = {u0 + radius, 0, plane}, high[3] = {u1 + radius, 0, plane + 1};
    trim(p, 1, low, high, &v0, &v1);
    for (int64_t v = v0 - radius; v < v1 + radius; v++) {
        const int64_t at = u0 * p->stride[0] + v * p->stride[1] + plane * p->stride[2];
        const int64_t age = v - (v0 - radius);
        push_row(job, at, valid, width, taps, &ring, (int)(age % taps));
        if (age < taps - 1) continue;
        filter_rows(job, &ring, (int)((age + 1) % taps), width, taps, row, STRIP);
        const int64_t centre = (u0 + radius) * p->stride[0] + (v - radius) * p->stride[1] + plane * p->stride[2];
        tally_row(p, row, STRIP, centre, valid, &tally);
    }
    finish(job, item, &tally);
}

INLINE void tile_3d(job_t *job, int64_t item, const int taps) {
    const ck_ssim_t *p = job->problem;
    const int radius = taps / 2;
    const int64_t out_u = p->size[0] - taps + 1, out_v = p->size[1] - taps + 1, out_w = p->size[2] - taps + 1;
    const int64_t column = item % job->strips, line = item / job->strips;
    const int64_t u0 = out_u * column / job->strips, u1 = out_u * (column + 1) / job->strips;
    const int64_t v0 = out_v * line / job->rows_of_tiles, v1 = out_v * (line + 1) / job->rows_of_tiles;
    const int valid = (int)(u1 - u0), width = (valid + LANES - 1) / LANES * LANES;
    const int rows = (int)(v1 - v0);
    tally_t tally = {0};

    int64_t w0 = radius, w1 = radius + out_w;
    const int64_t low[3] = {u0 + radius, v0 + radius, 0}, high[3] = {u1 + radius, v1 + radius, 0};
    trim(p, 2, low, high, &w0, &w1);
    if (w0 >= w1) {
        finish(job, item, &tally);
        return;
    }

    const int64_t plane_size = (int64_t)TILE_V * FIELDS * TILE_U;
    double *planes = aligned_alloc(64, (size_t)(plane_size * taps) * sizeof *planes);
    if (planes == NULL) {
        atomic_store(&job->failed, 1);
        return;
    }
    ring_t ring;
    double row[FIELDS * TILE_U];
    for (int64_t w = w0 - radius; w < w1 + radius; w++) {
        const int64_t depth = w - (w0 - radius);
        double *newest = planes + depth % taps * plane_size;
        for (int r = 0; r < rows + taps - 1; r++) {
            const int64_t at = u0 * p->stride[0] + (v0 + r) * p->stride[1] + w * p->stride[2];
            push_row(job, at, valid, width, taps, &ring, r % taps);
            if (r < taps - 1) continue;
            double *out = newest + (int64_t)(r - taps + 1) * FIELDS * TILE_U;
            filter_rows(job, &ring, (r + 1) % taps, width, taps, out, TILE_U);
        }
        if (depth < taps - 1) continue;
        const double *ordered[MAXIMUM_TAPS];
        for (int k = 0; k < taps; k++) ordered[k] = planes + (depth + 1 + k) % taps * plane_size;
        for (int r = 0; r < rows; r++) {
            for (int field = 0; field < FIELDS; field++) {
                const int64_t from = ((int64_t)r * FIELDS + field) * TILE_U;
                for (int i = 0; i < width; i += LANES) {
                    lanes_t sum = job->weights[0] * AT(ordered[radius] + from + i);
                    for (int k = 1; k <= radius; k++) {
                        sum += job->weights[k]
                             * (AT(ordered[radius - k] + from + i) + AT(ordered[radius + k] + from + i));
                    }
                    AT(row + field * TILE_U + i) = sum;
                }
            }
            const int64_t centre = (u0 + radius) * p->stride[0] + (v0 + r + radius) * p->stride[1]
                                 + (w - radius) * p->stride[2];
            tally_row(p, row, TILE_U, centre, valid, &tally);
        }
    }
    free(planes);
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
