#pragma STDC FP_CONTRACT OFF
#include "ck_image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ck_parallel.h"

/* Voxels are taken in blocks of fixed size; each block has its own sums in eight lanes, and the blocks are added in
   order. The result depends on nothing but the input. */
enum { BLOCK = 1 << 16, LANES = 8, SUMS = 7 };

typedef struct {
    const float *generated, *reference;
    const uint8_t *region;
    int64_t n;
    double low, high;
    double generated_mean, reference_mean;
    double (*block_sums)[SUMS];
} job_t;

static double add_lanes(const double *lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

static void add_blocks(const job_t *job, int64_t blocks, double *sums) {
    for (int s = 0; s < SUMS; s++) sums[s] = 0;
    for (int64_t block = 0; block < blocks; block++) {
        for (int s = 0; s < SUMS; s++) sums[s] += job->block_sums[block][s];
    }
}

CK_CLONES static void error_block(job_t *job, int64_t block) {
    const int64_t from = block * BLOCK, to = from + BLOCK < job->n ? from + BLOCK : job->n;
    const double low = job->low, high = job->high;
    double lanes[SUMS][LANES] = {{0}};
    double weights[LANES], xs[LANES], ys[LANES];
    for (int64_t at = from; at < to; at += LANES) {
        const int usable = to - at < LANES ? (int)(to - at) : LANES;
        for (int l = 0; l < LANES; l++) weights[l] = 0, xs[l] = 0, ys[l] = 0;
        if (usable == LANES) {
            for (int l = 0; l < LANES; l++) {
                weights[l] = job->region == NULL || job->region[at + l] ? 1 : 0;
                xs[l] = job->generated[at + l];
                ys[l] = job->reference[at + l];
            }
        } else {
            for (int l = 0; l < usable; l++) {
                weights[l] = job->region == NULL || job->region[at + l] ? 1 : 0;
                xs[l] = job->generated[at + l];
                ys[l] = job->reference[at + l];
            }
        }
        for (int l = 0; l < LANES; l++) {
            double x = xs[l], y = ys[l], weight = weights[l];
            const int finite = x - x == 0 && y - y == 0;
            x = x < low ? low : x;
            x = x > high ? high : x;
            y = y < low ? low : y;
            y = y > high ? high : y;
            const int counts = finite && weight != 0;
            x = counts ? x : 0;
            y = counts ? y : 0;
            const double d = x - y;
            lanes[0][l] += weight;
            lanes[1][l] += finite ? 0 : weight;
            lanes[2][l] += d;
            lanes[3][l] += fabs(d);
            lanes[4][l] += d * d;
            lanes[5][l] += x;
            lanes[6][l] += y;
        }
    }
    for (int s = 0; s < SUMS; s++) job->block_sums[block][s] = add_lanes(lanes[s]);
}

CK_CLONES static void moment_block(job_t *job, int64_t block) {
    const int64_t from = block * BLOCK, to = from + BLOCK < job->n ? from + BLOCK : job->n;
    double lanes[3][LANES] = {{0}};
    for (int64_t at = from; at < to; at += LANES) {
        const int usable = to - at < LANES ? (int)(to - at) : LANES;
        for (int l = 0; l < usable; l++) {
            double x = job->generated[at + l] - job->generated_mean;
            double y = job->reference[at + l] - job->reference_mean;
            const int counts = job->region == NULL || job->region[at + l] != 0;
            x = counts ? x : 0;
            y = counts ? y : 0;
            lanes[0][l] += x * x;
            lanes[1][l] += y * y;
            lanes[2][l] += x * y;
        }
    }
    for (int s = 0; s < SUMS; s++) job->block_sums[block][s] = s < 3 ? add_lanes(lanes[s]) : 0;
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
