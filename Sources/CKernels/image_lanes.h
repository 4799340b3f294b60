/* Eight values at a time, for the image kernels: the same operations in the same order whatever the width of the processor's registers. */
#ifndef IMAGE_LANES_H
#define IMAGE_LANES_H

#include <stdint.h>

enum { LANES = 8 };

typedef double lanes_t __attribute__((vector_size(64), aligned(8), may_alias));
typedef int64_t masks_t __attribute__((vector_size(64))); /* of each lane all bits or none */
typedef float floats_t __attribute__((vector_size(32), aligned(4), may_alias));
typedef int8_t bytes_t __attribute__((vector_size(8), aligned(1), may_alias));

/* Macros and results through pointers, because a function that takes or returns a vector has no portable calling convention. */
#define INLINE static inline __attribute__((always_inline))
#define AT(address) (*(lanes_t *)(uintptr_t)(address))
#define KEEP(mask, value) ((lanes_t)((masks_t)(value) & (mask)))
#define CHOOSE(mask, yes, no) ((lanes_t)(((masks_t)(yes) & (mask)) | ((masks_t)(no) & ~(mask))))
#define IS_FINITE(value) ((value) - (value) == 0)

/* Clips to [low, high]; what is not a number stays. */
INLINE void clip_lanes(lanes_t *value, double low, double high) {
    const lanes_t zero = {0}, lows = zero + low, highs = zero + high;
    *value = CHOOSE(*value < lows, lows, *value);
    *value = CHOOSE(*value > highs, highs, *value);
}

/* The order of this sum is part of the result. */
INLINE double add_lanes(const lanes_t *lanes) {
    const lanes_t l = *lanes;
    return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}

INLINE int64_t count_lanes(const masks_t *counts) {
    int64_t sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += (*counts)[lane];
    return sum;
}

#endif
