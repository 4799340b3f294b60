#include "surface_internal.h"

#include <string.h>

/* Selection by radix: the bits of a double that is not negative order as its value does, so six passes over eleven bits
   each find a rank exactly, without sorting. */
enum { DIGITS = 6, DIGIT_BITS = 11, BUCKETS = 1 << DIGIT_BITS };

static inline uint64_t key_of(double value) {
    uint64_t key;
    memcpy(&key, &value, sizeof key);
    return key;
}

static inline double value_of(uint64_t key) {
    double value;
    memcpy(&value, &key, sizeof value);
    return value;
}

static inline int matches(uint64_t key, uint64_t prefix, int shift) {
    return shift + DIGIT_BITS >= 64 || key >> (shift + DIGIT_BITS) == prefix >> (shift + DIGIT_BITS);
}

void select_rank(const double *values, int64_t n, int64_t rank, double *value, double *next) {
    uint32_t counts[BUCKETS];
    uint64_t prefix = 0;
    int64_t below = 0, equal = 0;
    for (int digit = DIGITS - 1; digit >= 0; digit--) {
        const int shift = digit * DIGIT_BITS;
        memset(counts, 0, sizeof counts);
        for (int64_t i = 0; i < n; i++) {
            const uint64_t key = key_of(values[i]);
            if (matches(key, prefix, shift)) counts[key >> shift & (BUCKETS - 1)]++;
        }
        uint64_t bucket = 0;
        while (below + counts[bucket] <= rank) below += counts[bucket++];
        prefix |= bucket << shift;
        equal = counts[bucket];
    }
    *value = value_of(prefix);
    *next = *value;
    if (below + equal > rank + 1 || rank + 1 >= n) return;
    int found = 0;
    for (int64_t i = 0; i < n; i++) {
        if (values[i] > *value && (!found || values[i] < *next)) *next = values[i], found = 1;
    }
}

double select_weighted(const double *values, const uint8_t *codes, const double *weights, int64_t n, double total,
                       double share) {
    double sums[BUCKETS];
    uint64_t prefix = 0;
    double below = 0;
    for (int digit = DIGITS - 1; digit >= 0; digit--) {
        const int shift = digit * DIGIT_BITS;
        memset(sums, 0, sizeof sums);
        for (int64_t i = 0; i < n; i++) {
            const uint64_t key = key_of(values[i]);
            if (matches(key, prefix, shift)) sums[key >> shift & (BUCKETS - 1)] += weights[codes[i]];
        }
        /* Rounding may leave the share a hair out of reach; the last bucket that holds anything then answers. */
        uint64_t last = 0;
        for (uint64_t bucket = 0; bucket < BUCKETS; bucket++) {
            if (sums[bucket] > 0) last = bucket;
        }
        uint64_t bucket = 0;
        while (bucket < last && (below + sums[bucket]) / total < share) below += sums[bucket++];
        prefix |= bucket << shift;
    }
    return value_of(prefix);
}
