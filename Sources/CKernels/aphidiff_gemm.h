/* Products of 16-bit integers, summed modulo 2^32. */
#ifndef CK_APHIDIFF_GEMM_H
#define CK_APHIDIFF_GEMM_H

#include <stdint.h>

enum { CK_GEMM_ROWS = 6 };

/* sums[r][o] (+)= sum over k of values[r][k] * weights[k / 2][o][k % 2], o in [0, 16).
   rows a multiple of CK_GEMM_ROWS, depth even; add: whether to add to what is there. */
void ck_gemm_16(const int16_t *values, int rows, int depth, const int16_t *weights, int add, int32_t *sums);

#endif
