#include "aphidiff_gemm.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

/* Six rows by sixteen outputs: twelve accumulators, two registers of weights, one broadcast pair of values. */
__attribute__((target("avx2"))) static void gemm_avx2(
    const int16_t *values, int rows, int depth, const int16_t *weights, int add, int32_t *sums) {
    for (int row = 0; row < rows; row += CK_GEMM_ROWS) {
        const int16_t *v = values + (int64_t)row * depth;
        int32_t *out = sums + row * 16;
        __m256i a[CK_GEMM_ROWS][2];
        for (int r = 0; r < CK_GEMM_ROWS; r++)
            for (int h = 0; h < 2; h++)
                a[r][h] = add ? _mm256_loadu_si256((const __m256i *)(const void *)(out + r * 16 + h * 8)) : _mm256_setzero_si256();
        for (int k = 0; k < depth; k += 2) {
            const __m256i w0 = _mm256_loadu_si256((const __m256i *)(const void *)(weights + k * 16));
            const __m256i w1 = _mm256_loadu_si256((const __m256i *)(const void *)(weights + k * 16 + 16));
#pragma clang loop unroll(full)
            for (int r = 0; r < CK_GEMM_ROWS; r++) {
                int32_t pair;
                memcpy(&pair, v + (int64_t)r * depth + k, sizeof pair);
                const __m256i x = _mm256_set1_epi32(pair);
                a[r][0] = _mm256_add_epi32(a[r][0], _mm256_madd_epi16(x, w0));
                a[r][1] = _mm256_add_epi32(a[r][1], _mm256_madd_epi16(x, w1));
            }
        }
        for (int r = 0; r < CK_GEMM_ROWS; r++)
            for (int h = 0; h < 2; h++) _mm256_storeu_si256((__m256i *)(void *)(out + r * 16 + h * 8), a[r][h]);
    }
}
#endif

static void gemm_portable(const int16_t *values, int rows, int depth, const int16_t *weights, int add, int32_t *sums) {
    for (int row = 0; row < rows; row++) {
        uint32_t a[16] = {0};
        if (add) memcpy(a, sums + row * 16, sizeof a);
        for (int k = 0; k < depth; k += 2) {
            const int32_t x = values[(int64_t)row * depth + k], y = values[(int64_t)row * depth + k + 1];
            for (int o = 0; o < 16; o++)
                a[o] += (uint32_t)(x * weights[k * 16 + o * 2]) + (uint32_t)(y * weights[k * 16 + o * 2 + 1]);
        }
        memcpy(sums + row * 16, a, sizeof a);
    }
}

void ck_gemm_16(const int16_t *values, int rows, int depth, const int16_t *weights, int add, int32_t *sums) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        gemm_avx2(values, rows, depth, weights, add, sums);
        return;
    }
#endif
    gemm_portable(values, rows, depth, weights, add, sums);
}
