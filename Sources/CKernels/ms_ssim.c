#pragma STDC FP_CONTRACT OFF
#include <stdlib.h>
#include <string.h>

#include "ck_image.h"
#include "ck_parallel.h"

/* With the third constant half the second, the product of the challenge's luminance, contrast and structure terms is the
   structural similarity itself, and all three carry one weight, so each scale is the map of ck_ssim to a power. */

enum { SMALLEST = 97 };

static const double weights[CK_SCALES] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

typedef struct {
    const float *from;
    const uint8_t *region;
    int64_t from_size[3], to_size[3], before[3];
    double low, high;
    float *to;
    const uint8_t *from_mask;
    uint8_t *to_mask;
} job_t;

static int64_t within(int64_t index, int64_t size) { return index < 0 ? 0 : index >= size ? size - 1 : index; }

/* One plane of the finest scale. */
static void prepare_plane(void *context, int64_t z) {
    const job_t *job = context;
    const int64_t *n = job->from_size, *m = job->to_size;
    const int64_t sz = within(z - job->before[2], n[2]);
    for (int64_t y = 0; y < m[1]; y++) {
        const int64_t row = (sz * n[1] + within(y - job->before[1], n[1])) * n[0];
        float *out = job->to + (z * m[1] + y) * m[0];
        uint8_t *mask = job->to_mask == NULL ? NULL : job->to_mask + (z * m[1] + y) * m[0];
        for (int64_t x = 0; x < m[0]; x++) {
            const int64_t at = row + within(x - job->before[0], n[0]);
            double value = job->from[at];
            value = value < job->low ? job->low : value;
            value = value > job->high ? job->high : value;
            if (job->region != NULL && job->region[at] == 0) value = job->low;
            out[x] = (float)(value - job->low);
            if (mask != NULL) mask[x] = job->region == NULL || job->region[at] != 0;
        }
    }
}

/* One plane of the next coarser scale: means of boxes of 2 that end at every other voxel; the mask takes those voxels. */
static void halve_plane(void *context, int64_t z) {
    const job_t *job = context;
    const int64_t *n = job->from_size, *m = job->to_size;
    for (int64_t y = 0; y < m[1]; y++) {
        const float *rows[4];
        double scales[4];
        for (int k = 0; k < 4; k++) {
            const int64_t sy = 2 * y - (k & 1), sz = 2 * z - (k >> 1);
            scales[k] = sy < 0 || sz < 0 ? 0 : 0.125;
            rows[k] = job->from + (within(sz, n[2]) * n[1] + within(sy, n[1])) * n[0];
        }
        float *out = job->to + (z * m[1] + y) * m[0];
        for (int64_t x = 0; x < m[0]; x++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) {
                sum += scales[k] * ((double)rows[k][2 * x] + (x > 0 ? (double)rows[k][2 * x - 1] : 0));
            }
            out[x] = (float)sum;
        }
        if (job->to_mask == NULL) continue;
        const uint8_t *mask = job->from_mask + (2 * z * n[1] + 2 * y) * n[0];
        for (int64_t x = 0; x < m[0]; x++) job->to_mask[(z * m[1] + y) * m[0] + x] = mask[2 * x];
    }
}

int ck_ms_ssim(const float *generated, const float *reference, const uint8_t *region, const int64_t size[3], double low,
               double high, int threads, double means[CK_SCALES], int64_t counts[CK_SCALES]) {
    int64_t n[3], before[3], voxels = 1;
    for (int axis = 0; axis < 3; axis++) {
        const int64_t missing = size[axis] < SMALLEST ? SMALLEST - size[axis] : 0;
        before[axis] = missing / 2;
        n[axis] = size[axis] + missing;
        voxels *= n[axis];
    }
    float *images[2] = {malloc((size_t)voxels * sizeof(float)), malloc((size_t)voxels * sizeof(float))};
    uint8_t *mask = malloc((size_t)voxels);
    int status = images[0] == NULL || images[1] == NULL || mask == NULL ? -1 : 0;
    for (int side = 0; side < 2 && status == 0; side++) {
        job_t job = {.from = side == 0 ? generated : reference, .region = region, .low = low, .high = high,
                     .to = images[side], .to_mask = side == 0 ? mask : NULL};
        memcpy(job.from_size, size, sizeof job.from_size);
        memcpy(job.to_size, n, sizeof job.to_size);
        memcpy(job.before, before, sizeof job.before);
        ck_parallel_for(n[2], threads, prepare_plane, &job);
    }
    const double range = high - low, sample = 343.0 / 342.0;
    for (int scale = 0; scale < CK_SCALES && status == 0; scale++) {
        const ck_ssim_t problem = {
            .generated = images[0], .reference = images[1], .region = mask,
            .size = {n[0], n[1], n[2]}, .stride = {1, n[0], n[0] * n[1]},
            .window = CK_WINDOW_UNIFORM_7, .depth = 1, .clip_low = -1e300, .clip_high = 1e300, .shift = range / 2,
            .c1 = (0.01 * range) * (0.01 * range), .c2 = (0.03 * range) * (0.03 * range),
            .covariance_scale = sample, .exponent = weights[scale],
        };
        double sum;
        int64_t dropped;
        status = ck_ssim(&problem, threads, &sum, &counts[scale], &dropped);
        means[scale] = counts[scale] > 0 ? sum / (double)counts[scale] : 0;
        if (status != 0 || scale + 1 == CK_SCALES) break;

        const int64_t m[3] = {(n[0] + 1) / 2, (n[1] + 1) / 2, (n[2] + 1) / 2};
        const size_t coarse = (size_t)(m[0] * m[1] * m[2]);
        uint8_t *coarse_mask = malloc(coarse);
        if (coarse_mask == NULL) status = -1;
        for (int side = 0; side < 2 && status == 0; side++) {
            float *image = malloc(coarse * sizeof *image);
            if (image == NULL) {
                status = -1;
                break;
            }
            job_t job = {.from = images[side], .to = image, .from_mask = mask, .to_mask = side == 0 ? coarse_mask : NULL};
            memcpy(job.from_size, n, sizeof job.from_size);
            memcpy(job.to_size, m, sizeof job.to_size);
            ck_parallel_for(m[2], threads, halve_plane, &job);
            free(images[side]);
            images[side] = image;
        }
        free(mask);
        mask = coarse_mask;
        memcpy(n, m, sizeof n);
    }
    free(images[0]);
    free(images[1]);
    free(mask);
    return status;
}
