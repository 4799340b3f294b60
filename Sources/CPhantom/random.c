#include "cphantom.h"

#pragma STDC FP_CONTRACT OFF

/* SplitMix64's finaliser over key and counter: every voxel has its own draw, whoever asks first. */
static inline uint64_t mix(uint64_t key, uint64_t index) {
    uint64_t z = key + (index + 1) * 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

uint64_t cp_hash(uint64_t key, uint64_t index) { return mix(key, index); }

typedef union {
    float f;
    int32_t i;
} bits;

/* Natural logarithm of x in (0, 1], to 1e-6: enough for a normal deviate. */
static inline float logarithm(float x) {
    bits b;
    b.f = x;
    int32_t e = (b.i >> 23) - 127;
    b.i = (b.i & 0x007FFFFF) | 0x3F800000;
    float m = b.f;
    e = m > 1.41421356f ? e + 1 : e;
    m = m > 1.41421356f ? m * 0.5f : m;
    float s = (m - 1.0f) / (m + 1.0f);
    float q = s * s;
    float p = 2.0f * s * (1.0f + q * (0.33333333f + q * (0.2f + q * (0.14285714f + q * 0.11111111f))));
    return p + (float)e * 0.69314718f;
}

/* sin(pi/2 t), t in [-1, 1]. */
static inline float quarter_sine(float t) {
    float q = t * t;
    return t * (1.57079633f + q * (-0.64596410f + q * (0.07969263f + q * (-0.00468175f + q * 0.00016044f))));
}

static inline float turn_sine(float v) { /* sin(2 pi v), v in [-0.5, 0.5] */
    float t = 4.0f * v;
    t = t > 1.0f ? 2.0f - t : t;
    t = t < -1.0f ? -2.0f - t : t;
    return quarter_sine(t);
}

CP_CLONES
void cp_gaussian_pairs(uint64_t key, uint64_t first, int64_t n, float *restrict out0, float *restrict out1) {
    for (int64_t i = 0; i < n; i++) {
        uint64_t h = mix(key, first + (uint64_t)i);
        float u = ((float)(int32_t)(h >> 40) + 1.0f) * (1.0f / 16777216.0f);
        float v = (float)(int32_t)(h & 0xFFFFFF) * (1.0f / 16777216.0f) - 0.5f;
        float l = -2.0f * logarithm(u);
        float r = __builtin_sqrtf(l > 0.0f ? l : 0.0f);
        float c = v + 0.25f;
        c = c > 0.5f ? c - 1.0f : c;
        out0[i] = r * turn_sine(v);
        out1[i] = r * turn_sine(c);
    }
}

void cp_gaussians(uint64_t key, uint64_t first, int64_t n, float *out) {
    int64_t half = n / 2;
    cp_gaussian_pairs(key, first, half, out, out + half);
    if (n & 1) {
        float spare;
        cp_gaussian_pairs(key, first + (uint64_t)half, 1, out + n - 1, &spare);
    }
}

void cp_vector_table(uint64_t key, float *table) { cp_gaussians(key, 0, 32 * 32 * 32 * 4, table); }

/* One pass of a centred 1-2-1 (or wider, by `reach`) filter along an axis of the periodic 128^3 table. */
CP_CLONES
static void smooth(const float *restrict src, float *restrict dst, int32_t axis, int32_t reach) {
    const int32_t n = 128;
    for (int32_t z = 0; z < n; z++)
        for (int32_t y = 0; y < n; y++) {
            const float *row = src + ((int64_t)z * n + y) * n;
            float *out = dst + ((int64_t)z * n + y) * n;
            if (axis == 0) {
                for (int32_t x = 0; x < n; x++)
                    out[x] = 0.5f * row[x] + 0.25f * (row[(x + reach) & 127] + row[(x - reach) & 127]);
                continue;
            }
            const float *a = axis == 1 ? src + ((int64_t)z * n + ((y + reach) & 127)) * n
                                       : src + ((int64_t)((z + reach) & 127) * n + y) * n;
            const float *b = axis == 1 ? src + ((int64_t)z * n + ((y - reach) & 127)) * n
                                       : src + ((int64_t)((z - reach) & 127) * n + y) * n;
            for (int32_t x = 0; x < n; x++) out[x] = 0.5f * row[x] + 0.25f * (a[x] + b[x]);
        }
}

static void normalise(float *table, int64_t n) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += table[i];
        squares += (double)table[i] * table[i];
    }
    double mean = sum / (double)n;
    double variance = squares / (double)n - mean * mean;
    float scale = (float)(1.0 / __builtin_sqrt(variance > 1e-12 ? variance : 1e-12));
    for (int64_t i = 0; i < n; i++) table[i] = (table[i] - (float)mean) * scale;
}

/* Texture with power at lobular (about 2 mm) and segmental (about 8 mm) scale, unit variance. */
void cp_texture_table(uint64_t key, float *table, float *scratch) {
    const int64_t n = 128 * 128 * 128;
    cp_gaussians(key, 0, n, table);
    for (int32_t axis = 0; axis < 3; axis++) {
        smooth(table, scratch, axis, 1);
        for (int64_t i = 0; i < n; i++) table[i] = scratch[i];
    }
    normalise(table, n);
    /* The coarse part comes from the fine one: smoothed with growing reach, then put back. */
    float *coarse = scratch, *spare = scratch + n;
    for (int64_t i = 0; i < n; i++) coarse[i] = table[i];
    for (int32_t reach = 1; reach <= 4; reach *= 2)
        for (int32_t axis = 0; axis < 3; axis++) {
            smooth(coarse, spare, axis, reach);
            float *swap = coarse;
            coarse = spare;
            spare = swap;
        }
    normalise(coarse, n);
    for (int64_t i = 0; i < n; i++) table[i] = 0.8f * table[i] + 0.6f * coarse[i];
    normalise(table, n);
}
