#include "cphantom.h"
#include "tile.h"

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

static inline __attribute__((always_inline)) void look_row(const float *table, float place[3][CP_TILE_W], float x,
                                                           float y, float z, int32_t n, float *restrict out) {
    for (int32_t i = 0; i < n; i++) out[i] = look(table, place[0][i] + x, place[1][i] + y, place[2][i] + z);
}

/* Whether any of the pixels from `at` on has texture. */
static inline __attribute__((always_inline)) int textured(const cp_slice *s, int64_t at, int32_t n) {
    uint32_t any = 0;
    for (int m = 0; m < 2; m++) {
        if (!(s->modalities >> m & 1)) continue;
        const float *amplitude = s->amplitude[m] + at;
        for (int32_t i = 0; i < n; i++) any |= amplitude[i] != 0.0f;
    }
    return any != 0;
}

CP_CLONES
void cp_texture(cp_slice *s, const float *table, float cell, float shared) {
    const float alone = __builtin_sqrtf(1.0f - shared * shared);
    float still[3 * TILE_PIXELS] = {0}, moved[3 * TILE_PIXELS] = {0};
    float place[3][CP_TILE_W], both[CP_TILE_W], own[CP_TILE_W];
    for (int32_t j0 = 0; j0 < s->h; j0 += CP_TILE_H)
        for (int32_t i0 = 0; i0 < s->w; i0 += CP_TILE_W) {
            const cp_range *wall = s->tile_cavity + j0 / CP_TILE_H * tiles_along_i(s->w) + i0 / CP_TILE_W;
            if (wall->lo <= 0.5f) cp_tile_coordinates(s, CP_STATIC, i0, j0, still);
            if (wall->hi > 0.5f) cp_tile_coordinates(s, CP_MOVING, i0, j0, moved);
            const int32_t n = s->w - i0 < CP_TILE_W ? s->w - i0 : CP_TILE_W;
            for (int32_t j = j0; j < j0 + CP_TILE_H && j < s->h; j++) {
                const int64_t at = (int64_t)j * s->w + i0;
                const int32_t row = (j - j0) * CP_TILE_W;
                if (!textured(s, at, n)) continue;
                for (int32_t i = 0; i < n; i++) {
                    const int inside = s->cavity[at + i] > 0.5f;
                    for (int a = 0; a < 3; a++) {
                        const float p = inside ? moved[a * TILE_PIXELS + row + i] : still[a * TILE_PIXELS + row + i];
                        place[a][i] = p * cell;
                    }
                }
                look_row(table, place, 0.0f, 0.0f, 0.0f, n, both);
                for (int m = 0; m < 2; m++) {
                    if (!(s->modalities >> m & 1)) continue;
                    if (m == 0) look_row(table, place, 41.3f, 67.9f, 23.1f, n, own);
                    else look_row(table, place, 87.7f, 19.4f, 71.6f, n, own);
                    const float *restrict amplitude = s->amplitude[m] + at;
                    float *restrict value = s->value[m] + at;
                    for (int32_t i = 0; i < n; i++) {
                        const float v = value[i] + amplitude[i] * (shared * both[i] + alone * own[i]);
                        value[i] = amplitude[i] != 0.0f ? v : value[i];
                    }
                }
            }
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
        for (int32_t i = 0; i < s->w; i++) {
            float x = place_of(s, 0, i, j) - centre_x, y = place_of(s, 1, i, j) - centre_y;
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
void cp_store_scaled(const float *restrict values, float scale, int64_t n, int16_t *restrict out) {
    for (int64_t i = 0; i < n; i++) {
        float v = values[i] * scale;
        v = v > 32767.0f ? 32767.0f : v;
        v = v < -32768.0f ? -32768.0f : v;
        out[i] = (int16_t)(int32_t)(v + (v < 0.0f ? -0.5f : 0.5f));
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
    for (int32_t j = 0; j < s->h; j++) {
        float *row = image + (int64_t)j * s->w;
        for (int32_t i = 0; i < s->w; i++) {
            float x = place_of(s, 0, i, j) * 0.01f, y = place_of(s, 1, i, j) * 0.01f, z = place_of(s, 2, i, j) * 0.01f;
            float e = c[0] + c[1] * x + c[2] * y + c[3] * z + c[4] * x * x + c[5] * y * y + c[6] * z * z + c[7] * x * y;
            float q = 1.0f + 0.25f * (e < 0.0f ? -e : e);
            q = q * q;
            q = q * q;
            row[i] *= e < 0.0f ? 1.0f / q : q;
        }
    }
}
