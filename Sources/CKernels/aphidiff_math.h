/* exp and its relatives from additions and multiplications only, so that every processor gives the same bits and loops vectorise. */
#ifndef CK_APHIDIFF_MATH_H
#define CK_APHIDIFF_MATH_H

#include <stdint.h>
#include <string.h>

/* Adding and taking away 1.5 * 2^23 rounds to whole numbers, half to even, for |x| < 2^22. */
#define CK_ROUND_SHIFT 12582912.0f

static inline __attribute__((always_inline)) float ck_round(float x) { return (x + CK_ROUND_SHIFT) - CK_ROUND_SHIFT; }

/* exp for x in [-87, 87], relative error below 2e-7; smaller and larger x are taken as these ends. */
static inline __attribute__((always_inline)) float ck_exp(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 87.0f ? 87.0f : x;
    const float n = ck_round(x * 1.44269504f);
    /* ln 2 in two parts; the first has few bits, so that n times it is exact. */
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = (p * (r * r) + r) + 1.0f;
    const int32_t bits = ((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline __attribute__((always_inline)) float ck_sigmoid(float x) { return 1.0f / (1.0f + ck_exp(-x)); }

static inline __attribute__((always_inline)) float ck_silu(float x) { return x / (1.0f + ck_exp(-x)); }

#endif
