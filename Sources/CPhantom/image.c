#include "cphantom.h"

#pragma STDC FP_CONTRACT OFF

static inline int32_t whole(float x) {
    int32_t i = (int32_t)x;
    return (float)i > x ? i - 1 : i;
}

/* Trilinear look-up in the periodic 128^3 table. */
static inline float look(const float *t, float x, float y, float z) {
    int32_t i = whole(x), j = whole(y), k = whole(z);
    float fx = x - (float)i, fy = y - (float)j, fz = z - (float)k;
    int32_t i0 = i & 127, i1 = (i + 1) & 127, j0 = (j & 127) << 7, j1 = ((j + 1) & 127) << 7, k0 = (k & 127) << 14,
            k1 = ((k + 1) & 127) << 14;
    float a = t[k0 + j0 + i0] + fx * (t[k0 + j0 + i1] - t[k0 + j0 + i0]);
    float b = t[k0 + j1 + i0] + fx * (t[k0 + j1 + i1] - t[k0 + j1 + i0]);
    float c = t[k1 + j0 + i0] + fx * (t[k1 + j0 + i1] - t[k1 + j0 + i0]);
    float d = t[k1 + j1 + i0] + fx * (t[k1 + j1 + i1] - t[k1 + j1 + i0]);
    a += fy * (b - a);
    c += fy * (d - c);
    return a + fz * (c - a);
}

CP_CLONES
void cp_texture(cp_slice *s, const float *table, float cell, float shared) {
    int64_t n = (int64_t)s->w * s->h;
    const float alone = __builtin_sqrtf(1.0f - shared * shared);
    for (int64_t i = 0; i < n; i++) {
        float a0 = s->modalities & 1 ? s->amplitude[0][i] : 0.0f, a1 = s->modalities & 2 ? s->amplitude[1][i] : 0.0f;
        if (a0 == 0.0f && a1 == 0.0f) continue;
        int inside = s->cavity[i] > 0.5f;
        float x = (inside ? s->moving[0][i] : s->fixed[0][i]) * cell;
        float y = (inside ? s->moving[1][i] : s->fixed[1][i]) * cell;
        float z = (inside ? s->moving[2][i] : s->fixed[2][i]) * cell;
        float both = shared * look(table, x, y, z);
        if (a0 != 0.0f) s->value[0][i] += a0 * (both + alone * look(table, x + 41.3f, y + 67.9f, z + 23.1f));
        if (a1 != 0.0f) s->value[1][i] += a1 * (both + alone * look(table, x + 87.7f, y + 19.4f, z + 71.6f));
    }
}

CP_CLONES
void cp_convolve(const float *restrict src, float *restrict dst, float *restrict scratch, int32_t w, int32_t h,
                 const float *kx, int32_t nx, const float *ky, int32_t ny) {
    int32_t rx = nx / 2, ry = ny / 2;
    for (int32_t j = 0; j < h; j++) {
        const float *row = src + (int64_t)j * w;
        float *out = scratch + (int64_t)j * w;
        for (int32_t i = 0; i < w; i++) out[i] = 0.0f;
        for (int32_t t = 0; t < nx; t++) {
            const float k = kx[t];
            int32_t shift = t - rx;
            int32_t lo = shift < 0 ? -shift : 0, hi = shift > 0 ? w - shift : w;
            if (hi < lo) hi = lo;
            for (int32_t i = 0; i < lo && i < w; i++) out[i] += k * row[0];
            for (int32_t i = lo; i < hi; i++) out[i] += k * row[i + shift];
            for (int32_t i = hi; i < w; i++) out[i] += k * row[w - 1];
        }
    }
    for (int32_t j = 0; j < h; j++) {
        float *out = dst + (int64_t)j * w;
        for (int32_t i = 0; i < w; i++) out[i] = 0.0f;
        for (int32_t t = 0; t < ny; t++) {
            int32_t y = j + t - ry;
            y = y < 0 ? 0 : (y >= h ? h - 1 : y);
            const float *row = scratch + (int64_t)y * w;
            const float k = ky[t];
            for (int32_t i = 0; i < w; i++) out[i] += k * row[i];
        }
    }
}

CP_CLONES
void cp_store_ct(const float *restrict clean, const float *restrict narrow, const float *restrict wide, float gain,
                 const cp_slice *s, float centre_x, float centre_y, float radius, int16_t *restrict out) {
    const float inverse = 1.0f / (radius * radius);
    for (int32_t j = 0; j < s->h; j++) {
        int64_t at = (int64_t)j * s->w;
        const float *X = s->fixed[0] + at, *Y = s->fixed[1] + at;
        for (int32_t i = 0; i < s->w; i++) {
            float x = X[i] - centre_x, y = Y[i] - centre_y;
            float dose = 0.55f + 0.45f / (1.0f + (x * x + y * y) * inverse); /* noisiest in the middle */
            float v = clean[at + i] + gain * dose * (narrow[at + i] - wide[at + i]);
            v = v < -1024.0f ? -1024.0f : v;
            v = v > 3071.0f ? 3071.0f : v;
            out[at + i] = (int16_t)(int32_t)(v + (v < 0.0f ? -0.5f : 0.5f));
        }
    }
}

CP_CLONES
void cp_store_mr(const float *restrict clean, const float *restrict n0, const float *restrict n1, float sigma,
                 int64_t n, int16_t *restrict out) {
    for (int64_t i = 0; i < n; i++) {
        float a = clean[i] + sigma * n0[i], b = sigma * n1[i];
        float v = __builtin_sqrtf(a * a + b * b);
        v = v > 32767.0f ? 32767.0f : v;
        out[i] = (int16_t)(int32_t)(v + 0.5f);
    }
}

CP_CLONES
void cp_accumulate(const float *restrict layer, float *restrict sum, float share, int64_t n) {
    for (int64_t i = 0; i < n; i++) sum[i] += share * layer[i];
}

/* Coil sensitivity: exp of a quadratic polynomial would need libm; a rational form is as smooth and stays positive.
   coefficients: constant, R, A, S, RR, AA, SS, RA (coordinates in units of 100 mm). */
CP_CLONES
void cp_bias(float *restrict image, const cp_slice *s, const float *c) {
    int64_t n = (int64_t)s->w * s->h;
    for (int64_t i = 0; i < n; i++) {
        float x = s->fixed[0][i] * 0.01f, y = s->fixed[1][i] * 0.01f, z = s->fixed[2][i] * 0.01f;
        float e = c[0] + c[1] * x + c[2] * y + c[3] * z + c[4] * x * x + c[5] * y * y + c[6] * z * z + c[7] * x * y;
        float q = 1.0f + 0.25f * (e < 0.0f ? -e : e);
        q = q * q;
        q = q * q;
        image[i] *= e < 0.0f ? 1.0f / q : q;
    }
}
