/* The steps of structural similarity for one row of windows: read, filter, apply the formula, add up. Included by ssim.c alone. */
#ifndef SSIM_WINDOW_H
#define SSIM_WINDOW_H

#include <stdatomic.h>
#include <string.h>

#include "ck_image.h"
#include "image_lanes.h"

enum {
    FIELDS = 4,
    MAXIMUM_TAPS = 11,
    HALO = MAXIMUM_TAPS - 1,
    STRIP = 96,
    BLOCK = 32, /* rows of windows in a strip that are held at a time */
    TILE_U = 64,
    TILE_V = 32,
    ABREAST = 4, /* outputs of a filter across rows or planes that are made together */
    ROW = STRIP + 2 * LANES, /* values of an input row: the strip, its halo, padding */
    LINE = 16, /* values of an image in a cache line */
    AHEAD = 4 /* rows between asking for one and reading it */
};

typedef struct {
    const ck_ssim_t *problem;
    int taps;
    double weights[6]; /* from the centre outwards */
    int64_t voxels; /* of the volume, from its first to its last */
    int clips;
    int64_t strips, rows_of_tiles, items;
    double *sums;
    int64_t *counts, *dropped;
    atomic_int failed;
} job_t;

typedef struct {
    lanes_t sums;
    masks_t counted, used;
} tally_t;

/* Rows filtered along u, by groups of eight columns: a group's rows lie one after the other. */
typedef struct {
    _Alignas(64) double values[STRIP / LANES][FIELDS][BLOCK + HALO][LANES];
} columns_t;

INLINE int groups_of(int values) { return (values + LANES - 1) / LANES; }

/* Eight values of a row, `first` values from `at`; of those beyond `count` it does not matter what they are. Where eight
   values leave the volume they are taken one by one. */
#define EIGHT(type, job, array, at, first, count, out)                                            \
    do {                                                                                          \
        const int64_t step = (job)->problem->stride[0];                                           \
        const type *from = (array) + (at) + (first) * step;                                       \
        type some[LANES] = {0};                                                                   \
        if (step != 1 || (at) + (first) + LANES > (job)->voxels) {                                \
            for (int lane = 0; lane < LANES && (first) + lane < (count); lane++) some[lane] = from[lane * step]; \
            from = some;                                                                          \
        }                                                                                         \
        memcpy(&(out), from, sizeof some);                                                        \
    } while (0)

/* Which of eight voxels lie in the region. */
INLINE void read_region(const job_t *job, int64_t at, int first, int count, masks_t *inside) {
    bytes_t bytes;
    EIGHT(uint8_t, job, job->problem->region, at, first, count, bytes);
    *inside = __builtin_convertvector(bytes != 0, masks_t);
}

/* Eight values of an image as prepared for the formula, minus the shift. */
INLINE void read_values(const job_t *job, const float *image, int64_t at, int first, int count, lanes_t *out) {
    const ck_ssim_t *p = job->problem;
    floats_t values;
    EIGHT(float, job, image, at, first, count, values);
    lanes_t value = __builtin_convertvector(values, lanes_t);
    if (job->clips) clip_lanes(&value, p->clip_low, p->clip_high);
    *out = value - (p->origin + p->shift);
}

/* Reads one row of both images and forms the four fields: `count` values, and whatever fills up the groups. */
INLINE void read_row(const job_t *job, int64_t at, int count, int groups, double (*fields)[ROW]) {
    const ck_ssim_t *p = job->problem;
    const lanes_t zero = {0}, fill = zero + (p->fill - (p->origin + p->shift));
    for (int i = 0; i < groups * LANES; i += LANES) {
        lanes_t x, y;
        read_values(job, p->generated, at, i, count, &x);
        read_values(job, p->reference, at, i, count, &y);
        if (p->fill_outside) {
            masks_t inside;
            read_region(job, at, i, count, &inside);
            x = CHOOSE(inside, x, fill);
            y = CHOOSE(inside, y, fill);
        }
        AT(fields[0] + i) = x;
        AT(fields[1] + i) = y;
        AT(fields[2] + i) = x * x + y * y;
        AT(fields[3] + i) = x * y;
    }
}

/* Asks for the cache lines of a row that is read soon: rows of a strip are too short for the processor to foresee. */
INLINE void announce_row(const ck_ssim_t *p, int64_t at, int count) {
    if (p->stride[0] != 1) return;
    for (int i = 0; i < count + LINE - 1; i += LINE) {
        __builtin_prefetch((const void *)((uintptr_t)p->generated + (uintptr_t)(at + i) * sizeof(float)));
        __builtin_prefetch((const void *)((uintptr_t)p->reference + (uintptr_t)(at + i) * sizeof(float)));
    }
}

/* `outputs` weighted sums of neighbours, from outputs + taps - 1 inputs. */
INLINE void filter(const job_t *job, const lanes_t *in, int taps, int outputs, lanes_t *out) {
    const int radius = taps / 2;
    for (int o = 0; o < outputs; o++) {
        const lanes_t *centre = in + o + radius;
        lanes_t sum = job->weights[0] * centre[0];
        for (int k = 1; k <= radius; k++) sum += job->weights[k] * (centre[-k] + centre[k]);
        out[o] = sum;
    }
}

/* Eight neighbours of two times eight, from the k-th on. */
#define SHIFT(k) __builtin_shufflevector(a, b, k, k + 1, k + 2, k + 3, k + 4, k + 5, k + 6, k + 7)

/* Filters one input row along u into row `slot` of the columns; `soon`: a row that comes some rows later. */
INLINE void push_row(const job_t *job, int64_t at, int64_t soon, int valid, int taps, columns_t *columns, int slot) {
    const int groups = groups_of(valid);
    const int count = valid + taps - 1, input_groups = groups_of(groups * LANES + taps - 1);
    _Alignas(64) double fields[FIELDS][ROW];
    announce_row(job->problem, soon, count);
    read_row(job, at, count, input_groups, fields);
    for (int field = 0; field < FIELDS; field++) {
        for (int group = 0; group < groups; group++) {
            /* Most shifted vectors are made of two that are loaded anyway: loads across cache lines are slow. */
            const double *from = fields[field] + group * LANES;
            const lanes_t a = AT(from), b = AT(from + LANES);
            const lanes_t in[MAXIMUM_TAPS] = {a, SHIFT(1), SHIFT(2), SHIFT(3), SHIFT(4), SHIFT(5),
                                              AT(from + 6), AT(from + 7), b, AT(from + 9), AT(from + 10)};
            lanes_t sum;
            filter(job, in, taps, 1, &sum);
            AT(columns->values[group][field][slot]) = sum;
        }
    }
}

/* The structural similarity of eight windows, from their filtered fields less the shift. */
INLINE void similarity(const ck_ssim_t *p, lanes_t (*fields)[ABREAST], int o, double *map) {
    const lanes_t mx = fields[0][o], my = fields[1][o];
    const lanes_t variances = (fields[2][o] - (mx * mx + my * my)) * p->covariance_scale;
    const lanes_t covariance = (fields[3][o] - mx * my) * p->covariance_scale;
    const lanes_t ax = mx + p->shift, ay = my + p->shift;
    const lanes_t numerator = (2 * (ax * ay) + p->c1) * (2 * covariance + p->c2);
    AT(map) = numerator / ((ax * ax + ay * ay + p->c1) * (variances + p->c2));
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

/* Adds the counted windows of a row of the map to the tally. `centre` indexes the first window's centre. */
INLINE void tally_row(const job_t *job, double *map, int64_t centre, int valid, tally_t *tally) {
    const ck_ssim_t *p = job->problem;
    const masks_t order = {0, 1, 2, 3, 4, 5, 6, 7};
    if (p->exponent != 0) {
        const double exponent = p->exponent;
        for (int i = 0; i < valid; i++) {
            const double value = map[i], base = value > 0 ? value : 0;
            const double raised = power(base, exponent);
            map[i] = value - value == 0 ? raised : value;
        }
    }
    for (int i = 0; i < valid; i += LANES) {
        masks_t counted = order < valid - i;
        if (p->region != NULL) {
            masks_t inside;
            read_region(job, centre, i, valid, &inside);
            counted &= inside;
        }
        const lanes_t value = AT(map + i);
        const masks_t used = counted & IS_FINITE(value);
        tally->sums += KEEP(used, value);
        tally->counted -= counted;
        tally->used -= used;
    }
}

#endif
