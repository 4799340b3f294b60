#pragma STDC FP_CONTRACT OFF
#include "ck_image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ck_parallel.h"
#include "image_lanes.h"

/* Voxels are taken in blocks of fixed size; each block has its own sums in eight lanes, and the blocks are added in
   order. The result depends on nothing but the input. */
enum { BLOCK = 1 << 16, SUMS = 7 };

typedef struct {
    const float *generated, *reference;
    const uint8_t *region;
    int64_t n;
    double low, high;
    double generated_mean, reference_mean;
    double (*block_sums)[SUMS];
} job_t;

static void add_blocks(const job_t *job, int64_t blocks, double *sums) {
    for (int s = 0; s < SUMS; s++) sums[s] = 0;
    for (int64_t block = 0; block < blocks; block++) {
        for (int s = 0; s < SUMS; s++) sums[s] += job->block_sums[block][s];
    }
}

/* Eight voxels of both images from `at` on, and which of them count; what lies beyond `to` is 0 and does not. */
INLINE void read_voxels(const job_t *job, int64_t at, int64_t to, lanes_t *x, lanes_t *y, masks_t *counted) {
    const masks_t order = {0, 1, 2, 3, 4, 5, 6, 7};
    const size_t usable = to - at < LANES ? (size_t)(to - at) : LANES;
    floats_t generated = {0}, reference = {0};
    bytes_t region = {0};
    *counted = order < (int64_t)usable;
    if (usable == LANES) {
        memcpy(&generated, job->generated + at, sizeof generated);
        memcpy(&reference, job->reference + at, sizeof reference);
        if (job->region != NULL) memcpy(&region, job->region + at, sizeof region);
    } else {
        memcpy(&generated, job->generated + at, usable * sizeof(float));
        memcpy(&reference, job->reference + at, usable * sizeof(float));
        if (job->region != NULL) memcpy(&region, job->region + at, usable);
    }
    if (job->region != NULL) *counted &= __builtin_convertvector(region != 0, masks_t);
    *x = __builtin_convertvector(generated, lanes_t);
    *y = __builtin_convertvector(reference, lanes_t);
}

CK_CLONES static void error_block(job_t *job, int64_t block) {
    const int64_t from = block * BLOCK, to = from + BLOCK < job->n ? from + BLOCK : job->n;
    const masks_t magnitude = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    const int clips = job->low > -HUGE_VAL || job->high < HUGE_VAL;
    masks_t counts = {0}, not_finite = {0};
    lanes_t differences = {0}, magnitudes = {0}, squares = {0}, xs = {0}, ys = {0};
    for (int64_t at = from; at < to; at += LANES) {
        lanes_t x, y;
        masks_t counted;
        read_voxels(job, at, to, &x, &y, &counted);
        const masks_t used = counted & IS_FINITE(x) & IS_FINITE(y);
        if (clips) {
            clip_lanes(&x, job->low, job->high);
            clip_lanes(&y, job->low, job->high);
        }
        x = KEEP(used, x);
        y = KEEP(used, y);
        const lanes_t d = x - y;
        counts -= counted;
        not_finite -= counted & ~used;
        differences += d;
        magnitudes += KEEP(magnitude, d);
        squares += d * d;
        xs += x;
        ys += y;
    }
    double *sums = job->block_sums[block];
    sums[0] = (double)count_lanes(&counts);
    sums[1] = (double)count_lanes(&not_finite);
    sums[2] = add_lanes(&differences);
    sums[3] = add_lanes(&magnitudes);
    sums[4] = add_lanes(&squares);
    sums[5] = add_lanes(&xs);
    sums[6] = add_lanes(&ys);
}

CK_CLONES static void moment_block(job_t *job, int64_t block) {
    const int64_t from = block * BLOCK, to = from + BLOCK < job->n ? from + BLOCK : job->n;
    lanes_t generated = {0}, reference = {0}, product = {0};
    for (int64_t at = from; at < to; at += LANES) {
        lanes_t x, y;
        masks_t counted;
        read_voxels(job, at, to, &x, &y, &counted);
        x = KEEP(counted, x - job->generated_mean);
        y = KEEP(counted, y - job->reference_mean);
        generated += x * x;
        reference += y * y;
        product += x * y;
    }
    double *sums = job->block_sums[block];
    for (int s = 0; s < SUMS; s++) sums[s] = 0;
    sums[0] = add_lanes(&generated);
    sums[1] = add_lanes(&reference);
    sums[2] = add_lanes(&product);
}

static void run_error_block(void *context, int64_t block) { error_block(context, block); }
static void run_moment_block(void *context, int64_t block) { moment_block(context, block); }

int ck_error_sums(const float *generated, const float *reference, const uint8_t *region, int64_t n, double low,
                  double high, int threads, ck_error_sums_t *sums) {
    const int64_t blocks = (n + BLOCK - 1) / BLOCK;
    job_t job = {.generated = generated, .reference = reference, .region = region, .n = n, .low = low, .high = high};
    job.block_sums = malloc((size_t)blocks * sizeof *job.block_sums);
    if (job.block_sums == NULL) return -1;
    ck_parallel_for(blocks, threads, run_error_block, &job);
    double total[SUMS];
    add_blocks(&job, blocks, total);
    free(job.block_sums);
    *sums = (ck_error_sums_t){
        .count = (int64_t)total[0],
        .not_finite = (int64_t)total[1],
        .difference = total[2],
        .absolute_difference = total[3],
        .squared_difference = total[4],
        .generated = total[5],
        .reference = total[6],
    };
    return 0;
}

int ck_central_moments(const float *generated, const float *reference, const uint8_t *region, int64_t n,
                       double generated_mean, double reference_mean, int threads, double *generated_square,
                       double *reference_square, double *product) {
    const int64_t blocks = (n + BLOCK - 1) / BLOCK;
    job_t job = {.generated = generated, .reference = reference, .region = region, .n = n,
                 .generated_mean = generated_mean, .reference_mean = reference_mean};
    job.block_sums = malloc((size_t)blocks * sizeof *job.block_sums);
    if (job.block_sums == NULL) return -1;
    ck_parallel_for(blocks, threads, run_moment_block, &job);
    double total[SUMS];
    add_blocks(&job, blocks, total);
    free(job.block_sums);
    *generated_square = total[0];
    *reference_square = total[1];
    *product = total[2];
    return 0;
}

/* Counts are whole numbers, so a few partial histograms can be added in any order. */
enum { PARTS = 16, MAXIMUM_BINS = 256 };

typedef struct {
    const float *generated, *reference;
    const uint8_t *region;
    int64_t n;
    double low, scale;
    int bins;
    uint32_t *parts;
} histogram_job_t;

static inline int bin_of(float value, double low, double scale, int bins) {
    double position = (value - low) * scale;
    if (!(position > 0)) return 0;
    return position >= bins ? bins - 1 : (int)position;
}

static void histogram_part(void *context, int64_t part) {
    const histogram_job_t *job = context;
    const int bins = job->bins;
    uint32_t *counts = job->parts + part * bins * bins;
    const int64_t from = job->n * part / PARTS, to = job->n * (part + 1) / PARTS;
    for (int64_t at = from; at < to; at++) {
        if (job->region != NULL && job->region[at] == 0) continue;
        int y = bin_of(job->reference[at], job->low, job->scale, bins);
        int x = bin_of(job->generated[at], job->low, job->scale, bins);
        counts[y * bins + x]++;
    }
}

int ck_joint_histogram(const float *generated, const float *reference, const uint8_t *region, int64_t n, double low,
                       double high, int bins, int threads, int64_t *histogram) {
    if (bins < 1 || bins > MAXIMUM_BINS) return -1;
    const int64_t cells = (int64_t)bins * bins;
    histogram_job_t job = {.generated = generated, .reference = reference, .region = region, .n = n, .low = low,
                           .scale = bins / (high - low), .bins = bins};
    job.parts = calloc((size_t)(PARTS * cells), sizeof *job.parts);
    if (job.parts == NULL) return -1;
    ck_parallel_for(PARTS, threads, histogram_part, &job);
    for (int64_t cell = 0; cell < cells; cell++) {
        histogram[cell] = 0;
        for (int part = 0; part < PARTS; part++) histogram[cell] += job.parts[part * cells + cell];
    }
    free(job.parts);
    return 0;
}
