#include "ck_body.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "ck_parallel.h"

enum { BLOCK = 1 << 16 };

typedef struct {
    const float *image;
    int64_t n;
    float threshold;
    uint8_t *mask;
} threshold_job_t;

CK_CLONES static void threshold_block(const threshold_job_t *job, int64_t block) {
    const int64_t from = block * BLOCK, to = from + BLOCK < job->n ? from + BLOCK : job->n;
    const float threshold = job->threshold;
    for (int64_t i = from; i < to; i++) job->mask[i] = job->image[i] > threshold;
}

static void run_threshold_block(void *context, int64_t block) { threshold_block(context, block); }

void ck_threshold(const float *image, int64_t n, float threshold, int threads, uint8_t *mask) {
    threshold_job_t job = {image, n, threshold, mask};
    ck_parallel_for((n + BLOCK - 1) / BLOCK, threads, run_threshold_block, &job);
}

typedef struct {
    uint8_t *mask;
    int64_t nu, nv, su, sv, sw;
    atomic_int failed;
} fill_job_t;

/* Marks the background that reaches the edge; what is left unmarked is a hole. */
static void fill_plane(void *context, int64_t w) {
    fill_job_t *job = context;
    const int64_t nu = job->nu, nv = job->nv;
    uint8_t *plane = job->mask + w * job->sw;
    uint8_t *outside = calloc((size_t)(nu * nv), 1);
    int32_t *stack = malloc((size_t)(nu * nv) * sizeof *stack);
    if (outside == NULL || stack == NULL) {
        atomic_store(&job->failed, 1);
        free(outside);
        free(stack);
        return;
    }
    int64_t depth = 0;
#define VISIT(u, v)                                                                       \
    do {                                                                                  \
        const int64_t at = (v) * nu + (u);                                                \
        if (!outside[at] && plane[(u) * job->su + (v) * job->sv] == 0) {                  \
            outside[at] = 1;                                                              \
            stack[depth++] = (int32_t)at;                                                 \
        }                                                                                 \
    } while (0)
    for (int64_t u = 0; u < nu; u++) {
        VISIT(u, 0);
        VISIT(u, nv - 1);
    }
    for (int64_t v = 0; v < nv; v++) {
        VISIT(0, v);
        VISIT(nu - 1, v);
    }
    while (depth > 0) {
        const int64_t at = stack[--depth], u = at % nu, v = at / nu;
        if (u > 0) VISIT(u - 1, v);
        if (u + 1 < nu) VISIT(u + 1, v);
        if (v > 0) VISIT(u, v - 1);
        if (v + 1 < nv) VISIT(u, v + 1);
    }
#undef VISIT
    for (int64_t v = 0; v < nv; v++) {
        for (int64_t u = 0; u < nu; u++) {
            if (!outside[v * nu + u]) plane[u * job->su + v * job->sv] = 1;
        }
    }
    free(outside);
    free(stack);
}

int ck_fill_holes(uint8_t *mask, const int64_t size[3], const int64_t stride[3], int threads) {
    fill_job_t job = {.mask = mask, .nu = size[0], .nv = size[1], .su = stride[0], .sv = stride[1], .sw = stride[2]};
    atomic_init(&job.failed, 0);
    ck_parallel_for(size[2], threads, fill_plane, &job);
    return atomic_load(&job.failed) ? -1 : 0;
}
