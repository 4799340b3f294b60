#pragma STDC FP_CONTRACT OFF
#include <math.h>

#include "aphidiff_math.h"
#include "ck_aphidiff.h"

typedef float lanes_t __attribute__((vector_size(32), aligned(4), may_alias));

enum { VECTORS = 8 };

/* Eight vectors at a time, laid out dimension by dimension: each sum runs over the dimensions in order, whatever the processor. */
CK_CLONES
void ck_nearest_code(const float *vectors, int64_t count, int dimensions, const float *codebook, int codes, int32_t *index) {
    float turned[VECTORS * 256] __attribute__((aligned(64)));
    if (dimensions > 256) return;
    for (int64_t first = 0; first < count; first += VECTORS) {
        const int here = (int)(count - first < VECTORS ? count - first : VECTORS);
        for (int d = 0; d < dimensions; d++)
            for (int v = 0; v < VECTORS; v++) turned[d * VECTORS + v] = v < here ? vectors[(first + v) * dimensions + d] : 0;
        float best[VECTORS];
        int32_t at[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            best[v] = -INFINITY;
            at[v] = 0;
        }
        int code = 0;
        for (; code + 4 <= codes; code += 4) {
            const float *row = codebook + (int64_t)code * dimensions;
            lanes_t s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
            for (int d = 0; d < dimensions; d++) {
                const lanes_t x = *(const lanes_t *)(turned + d * VECTORS);
                s0 += x * row[d];
                s1 += x * row[dimensions + d];
                s2 += x * row[2 * dimensions + d];
                s3 += x * row[3 * dimensions + d];
            }
            const lanes_t sums[4] = {s0, s1, s2, s3};
            for (int j = 0; j < 4; j++)
                for (int v = 0; v < VECTORS; v++) {
                    const int larger = sums[j][v] > best[v];
                    best[v] = larger ? sums[j][v] : best[v];
                    at[v] = larger ? code + j : at[v];
                }
        }
        for (; code < codes; code++) {
            const float *row = codebook + (int64_t)code * dimensions;
            lanes_t s = {0};
            for (int d = 0; d < dimensions; d++) s += *(const lanes_t *)(turned + d * VECTORS) * row[d];
            for (int v = 0; v < VECTORS; v++)
                if (s[v] > best[v]) {
                    best[v] = s[v];
                    at[v] = code;
                }
        }
        for (int v = 0; v < here; v++) index[first + v] = at[v];
    }
}

/* Dot product in eight running sums, added pairwise at the end; depth a multiple of 8. */
static inline __attribute__((always_inline)) float dot(const float *a, const float *b, int depth) {
    lanes_t sum = {0};
    for (int d = 0; d < depth; d += 8) sum += *(const lanes_t *)(a + d) * *(const lanes_t *)(b + d);
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

static inline __attribute__((always_inline)) float inverse_length(const float *a, int depth) {
    return 1.0f / sqrtf(dot(a, a, depth) + 1e-4f);
}

CK_CLONES
void ck_attention(const float *qkv, int tokens, int heads, int depth, float root, float *scores, float *out) {
    const int width = heads * depth;
    float *key_gain = scores + tokens;
    for (int head = 0; head < heads; head++) {
        const float *q = qkv + head * depth, *k = q + width, *v = k + width;
        for (int s = 0; s < tokens; s++) key_gain[s] = inverse_length(k + (int64_t)s * 3 * width, depth);
        for (int t = 0; t < tokens; t++) {
            const float *query = q + (int64_t)t * 3 * width;
            const float query_gain = root * inverse_length(query, depth);
            float largest = -INFINITY;
            for (int s = 0; s < tokens; s++) {
                scores[s] = dot(query, k + (int64_t)s * 3 * width, depth) * query_gain * key_gain[s];
                largest = scores[s] > largest ? scores[s] : largest;
            }
            float sum = 0;
            for (int s = 0; s < tokens; s++) {
                scores[s] = ck_exp(scores[s] - largest);
                sum += scores[s];
            }
            float *to = out + (int64_t)t * width + head * depth;
            for (int d = 0; d < depth; d++) to[d] = 0;
            for (int s = 0; s < tokens; s++) {
                const float weight = scores[s] / sum;
                const float *value = v + (int64_t)s * 3 * width;
                for (int d = 0; d < depth; d++) to[d] += weight * value[d];
            }
        }
    }
}
