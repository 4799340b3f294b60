#include "shape.h"

#pragma STDC FP_CONTRACT OFF

enum { CHUNK = 64 };

static inline float clamp01(float x) {
    x = x < 0.0f ? 0.0f : x;
    return x > 1.0f ? 1.0f : x;
}

#define CP_LOOP for (int32_t i = 0; i < n; i++)

static inline __attribute__((always_inline)) void ellipsoid(const cp_primitive *p, const float *x, const float *y,
                                                            const float *z, int32_t n, float *d, int dome) {
    const float c0 = p->c[0], c1 = p->c[1], c2 = p->c[2], i0 = p->inv[0], i1 = p->inv[1], i2 = p->inv[2];
    const float *m = p->m;
    const float m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4], m5 = m[5], m6 = m[6], m7 = m[7], m8 = m[8];
    CP_LOOP {
        float a = x[i] - c0, b = y[i] - c1, c = z[i] - c2;
        float u = (m0 * a + m1 * b + m2 * c) * i0, v = (m3 * a + m4 * b + m5 * c) * i1,
              w = (m6 * a + m7 * b + m8 * c) * i2;
        if (dome) w = w > 0.0f ? w : 0.0f;
        float k0 = __builtin_sqrtf(u * u + v * v + w * w);
        float su = u * i0, sv = v * i1, sw = w * i2;
        float k1 = __builtin_sqrtf(su * su + sv * sv + sw * sw);
        d[i] = k0 * (k0 - 1.0f) / (k1 > 1e-5f ? k1 : 1e-5f);
    }
}

static inline __attribute__((always_inline)) void capsule(const float *a, const float *b, float ra, float rb,
                                                          const float *x, const float *y, const float *z, int32_t n,
                                                          float *d) {
    const float a0 = a[0], a1 = a[1], a2 = a[2], e0 = b[0] - a0, e1 = b[1] - a1, e2 = b[2] - a2;
    const float l2 = e0 * e0 + e1 * e1 + e2 * e2, inverse = l2 > 1e-9f ? 1.0f / l2 : 0.0f, dr = rb - ra;
    CP_LOOP {
        float p = x[i] - a0, q = y[i] - a1, r = z[i] - a2;
        float t = clamp01((p * e0 + q * e1 + r * e2) * inverse);
        p -= t * e0;
        q -= t * e1;
        r -= t * e2;
        d[i] = __builtin_sqrtf(p * p + q * q + r * r) - (ra + t * dr);
    }
}

static inline __attribute__((always_inline)) void primitive(const cp_primitive *p, const float *x, const float *y,
                                                            const float *z, int32_t n, float *d) {
    switch (p->kind) {
    case CP_ELLIPSOID: ellipsoid(p, x, y, z, n, d, 0); break;
    case CP_DOME: ellipsoid(p, x, y, z, n, d, 1); break;
    case CP_CAPSULE: capsule(p->c, p->b, p->p[0], p->p[1], x, y, z, n, d); break;
    case CP_HALFSPACE: {
        const float a = p->c[0], b = p->c[1], c = p->c[2], o = p->p[0];
        CP_LOOP d[i] = a * x[i] + b * y[i] + c * z[i] - o;
        break;
    }
    case CP_TORSO: {
        const cp_torso t = p->torso;
        CP_LOOP d[i] = torso_distance(&t, x[i], y[i], z[i]);
        break;
    }
    case CP_ELLIPTIC_CYLINDER: {
        const float c0 = p->c[0], c1 = p->c[1], c2 = p->c[2], i0 = p->inv[0], i1 = p->inv[1], h = p->p[0];
        const float *m = p->m;
        const float m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4], m5 = m[5], m6 = m[6], m7 = m[7], m8 = m[8];
        CP_LOOP {
            float a = x[i] - c0, b = y[i] - c1, c = z[i] - c2;
            float u = (m0 * a + m1 * b + m2 * c) * i0, v = (m3 * a + m4 * b + m5 * c) * i1,
                  w = m6 * a + m7 * b + m8 * c;
            float k0 = __builtin_sqrtf(u * u + v * v);
            float su = u * i0, sv = v * i1;
            float k1 = __builtin_sqrtf(su * su + sv * sv);
            float e = k0 * (k0 - 1.0f) / (k1 > 1e-5f ? k1 : 1e-5f);
            float f = (w < 0.0f ? -w : w) - h;
            d[i] = e > f ? e : f;
        }
        break;
    }
    default: CP_LOOP d[i] = 1e6f;
    }
    if (p->shell_half > 0.0f) {
        const float o = p->shell_offset, s = p->shell_half;
        CP_LOOP {
            float e = d[i] - o;
            d[i] = (e < 0.0f ? -e : e) - s;
        }
    }
}

static inline __attribute__((always_inline)) void join(const cp_primitive *p, float *acc, const float *d, int32_t n) {
    const float k = p->blend, inverse = k > 0.0f ? 1.0f / k : 0.0f, quarter = 0.25f * k;
    const float sign = p->op == CP_UNION ? 1.0f : -1.0f; /* max(a, b) = -min(-a, -b) */
    const float flip = p->op == CP_SUBTRACT ? -1.0f : 1.0f;
    CP_LOOP {
        float a = sign * acc[i], b = sign * flip * d[i];
        float low = a < b ? a : b;
        float gap = a < b ? b - a : a - b;
        float hgt = k - gap;
        hgt = (hgt > 0.0f ? hgt : 0.0f) * inverse;
        acc[i] = sign * (low - hgt * hgt * quarter);
    }
}

float cp_distance(const cp_primitive *primitives, const cp_organ *organ, float x, float y, float z) {
    float acc = 1e6f, d;
    for (int32_t n = 0; n < organ->count; n++) {
        const cp_primitive *p = primitives + organ->first + n;
        primitive(p, &x, &y, &z, 1, &d);
        join(p, &acc, &d, 1);
    }
    return acc;
}

/* Pixel box of a world box that a slice can touch; 0 when it cannot. */
static int pixel_box(const cp_slice *s, const float *lo, const float *hi, float margin, int32_t *box) {
    float di2 = 0, dj2 = 0, normal[3];
    for (int a = 0; a < 3; a++) {
        di2 += s->di[a] * s->di[a];
        dj2 += s->dj[a] * s->dj[a];
    }
    normal[0] = s->di[1] * s->dj[2] - s->di[2] * s->dj[1];
    normal[1] = s->di[2] * s->dj[0] - s->di[0] * s->dj[2];
    normal[2] = s->di[0] * s->dj[1] - s->di[1] * s->dj[0];
    float length = __builtin_sqrtf(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]);
    float i0 = 1e9f, i1 = -1e9f, j0 = 1e9f, j1 = -1e9f, k0 = 1e9f, k1 = -1e9f;
    for (int c = 0; c < 8; c++) {
        float p[3], i = 0, j = 0, k = 0;
        p[0] = (c & 1 ? hi[0] : lo[0]) - s->origin[0];
        p[1] = (c & 2 ? hi[1] : lo[1]) - s->origin[1];
        p[2] = (c & 4 ? hi[2] : lo[2]) - s->origin[2];
        for (int a = 0; a < 3; a++) {
            i += p[a] * s->di[a];
            j += p[a] * s->dj[a];
            k += p[a] * normal[a];
        }
        i /= di2;
        j /= dj2;
        k /= length;
        i0 = i < i0 ? i : i0;
        i1 = i > i1 ? i : i1;
        j0 = j < j0 ? j : j0;
        j1 = j > j1 ? j : j1;
        k0 = k < k0 ? k : k0;
        k1 = k > k1 ? k : k1;
    }
    if (k0 > margin || k1 < -margin) return 0;
    float e = margin / s->pixel_mm + 1.0f;
    i0 -= e;
    j0 -= e;
    i1 += e;
    j1 += e;
    if (i1 < 0 || j1 < 0 || i0 > (float)(s->w - 1) || j0 > (float)(s->h - 1)) return 0;
    box[0] = i0 < 0 ? 0 : (int32_t)i0;
    box[1] = i1 > (float)(s->w - 1) ? s->w : (int32_t)i1 + 1;
    box[2] = j0 < 0 ? 0 : (int32_t)j0;
    box[3] = j1 > (float)(s->h - 1) ? s->h : (int32_t)j1 + 1;
    return box[1] > box[0] && box[3] > box[2];
}

/* The same for a box in coordinates that lie between `ahead` and `back` mm from the place in the scanner. */
static int shifted_box(const cp_slice *s, const float *lo, const float *hi, const float *back, const float *ahead,
                       float margin, int32_t *box) {
    float low[3], high[3];
    for (int a = 0; a < 3; a++) {
        low[a] = lo[a] - back[a];
        high[a] = hi[a] - ahead[a];
    }
    return pixel_box(s, low, high, margin, box);
}

typedef struct {
    int32_t index, i0, i1, j0, j1, always;
} active;

enum { MOST = 512 };

CP_CLONES
void cp_paint(cp_slice *s, const cp_primitive *primitives, const cp_organ *organ, const float *values,
              const float *amplitudes, int32_t tissues) {
    const float margin = 2.0f + organ->feather_mm + 1.5f * s->pixel_mm;
    const float *back = s->shift_hi[organ->space], *ahead = s->shift_lo[organ->space];
    int32_t box[4];
    if (!shifted_box(s, organ->lo, organ->hi, back, ahead, margin, box)) return;
    active list[MOST];
    int32_t live = 0;
    for (int32_t k = 0; k < organ->count && live < MOST; k++) {
        const cp_primitive *p = primitives + organ->first + k;
        int32_t b[4] = {box[0], box[1], box[2], box[3]};
        int always = p->op != CP_UNION || p->blend > 0.0f;
        if (!always && !shifted_box(s, p->lo, p->hi, back, ahead, margin, b)) continue;
        list[live].index = organ->first + k;
        list[live].i0 = b[0];
        list[live].i1 = b[1];
        list[live].j0 = b[2];
        list[live].j1 = b[3];
        list[live].always = always;
        live++;
    }
    if (live == 0) return;
    /* After the last union, what is outside stays outside. */
    int32_t settled = 0;
    for (int32_t k = 0; k < live; k++)
        if (primitives[list[k].index].op == CP_UNION) settled = k;
    float *const *P = organ->space == CP_STATIC          ? s->fixed
                      : organ->space == CP_STATIC_WARPED ? s->fixed_warped
                      : organ->space == CP_MOVING        ? s->moving
                                                         : s->moving_warped;
    const float inverse = 1.0f / (s->pixel_mm + organ->feather_mm);
    const float rim = organ->rim_mm, level = organ->gas_level;
    float acc[CHUNK], d[CHUNK], alpha[CHUNK], edge[CHUNK], gas[CHUNK];
    for (int32_t j = box[2]; j < box[3]; j++)
        for (int32_t i0 = box[0]; i0 < box[1]; i0 += CHUNK) {
            int32_t n = box[1] - i0 < CHUNK ? box[1] - i0 : CHUNK;
            int64_t at = (int64_t)j * s->w + i0;
            const float *x = P[0] + at, *y = P[1] + at, *z = P[2] + at;
            int touched = 0;
            if (organ->clip >= 1) {
                /* Where what clips it is empty there is nothing to paint. */
                const float *c = organ->clip >= 2 ? s->liver + at : s->cavity + at;
                float open = 0.0f;
                CP_LOOP open = c[i] > open ? c[i] : open;
                if (open <= 0.0f) continue;
            }
            CP_LOOP acc[i] = 1e6f;
            for (int32_t k = 0; k < live; k++) {
                const active *a = list + k;
                if (!a->always && (j < a->j0 || j >= a->j1 || i0 >= a->i1 || i0 + n <= a->i0)) continue;
                const cp_primitive *p = primitives + a->index;
                primitive(p, x, y, z, n, d);
                join(p, acc, d, n);
                touched = 1;
                if (k < settled || k + 1 == live) continue;
                float nearest = acc[0];
                CP_LOOP nearest = acc[i] < nearest ? acc[i] : nearest;
                if (0.5f - nearest * inverse <= 0.0f) {
                    touched = 0;
                    break;
                }
            }
            if (!touched) continue;
            float most = 0.0f;
            CP_LOOP {
                float a = clamp01(0.5f - acc[i] * inverse);
                alpha[i] = a;
                most = a > most ? a : most;
            }
            if (most <= 0.0f) continue;
            if (organ->clip >= 1) {
                const float *c = s->cavity + at;
                CP_LOOP alpha[i] = alpha[i] < c[i] ? alpha[i] : c[i];
            }
            if (organ->clip >= 2) {
                const float *c = s->liver + at;
                CP_LOOP alpha[i] = alpha[i] < c[i] ? alpha[i] : c[i];
            }
            CP_LOOP {
                edge[i] = rim > 0.0f ? clamp01(0.5f + (acc[i] + rim) * inverse) : 0.0f;
                gas[i] = organ->gas >= 0 ? clamp01(0.5f + (y[i] - level) * inverse) : 0.0f;
            }
            for (int m = 0; m < 2; m++) {
                if (!(s->modalities >> m & 1)) continue;
                const float *v = values + m * tissues, *t = amplitudes + m * tissues;
                const int32_t gi = organ->gas >= 0 ? organ->gas : organ->core;
                const float vc = v[organ->core], vr = v[organ->rim], vg = v[gi];
                const float tc = t[organ->core], tr = t[organ->rim], tg = t[gi];
                const float opacity = organ->opacity;
                float *val = s->value[m] + at, *amp = s->amplitude[m] + at;
                CP_LOOP {
                    float core = vc + gas[i] * (vg - vc), tex = tc + gas[i] * (tg - tc);
                    core += edge[i] * (vr - core);
                    tex += edge[i] * (tr - tex);
                    float a = alpha[i] * opacity;
                    val[i] += a * (core - val[i]);
                    amp[i] += a * (tex - amp[i]);
                }
            }
            if (organ->structure > 0) {
                uint8_t *out = s->structure + at;
                const uint8_t code = (uint8_t)organ->structure;
                CP_LOOP out[i] = alpha[i] >= 0.5f ? code : out[i];
                if (organ->structure == 2) {
                    float *liver = s->liver + at;
                    CP_LOOP liver[i] = liver[i] > alpha[i] ? liver[i] : alpha[i];
                }
            }
            if (organ->lesion > 0) {
                uint8_t *out = s->lesion_label + at;
                float *cover = s->lesion_cover + at;
                const uint8_t code = (uint8_t)organ->lesion;
                CP_LOOP {
                    out[i] = alpha[i] > 0.0f ? code : out[i];
                    cover[i] += alpha[i];
                }
            }
        }
}

CP_CLONES
void cp_paint_vessels(cp_slice *s, const cp_segment *segments, int64_t count, int32_t tissue, int32_t label,
                      const float *values, const float *amplitudes, int32_t tissues) {
    const float inverse = 1.0f / s->pixel_mm;
    float d[CHUNK];
    /* The scratch plane is zero on entry and on return. */
    for (int64_t k = 0; k < count; k++) {
        const cp_segment *g = segments + k;
        int32_t box[4];
        if (!pixel_box(s, g->lo, g->hi, 0.75f, box)) continue;
        for (int32_t j = box[2]; j < box[3]; j++)
            for (int32_t i0 = box[0]; i0 < box[1]; i0 += CHUNK) {
                int32_t n = box[1] - i0 < CHUNK ? box[1] - i0 : CHUNK;
                int64_t at = (int64_t)j * s->w + i0;
                float *out = s->vessel + at;
                capsule(g->a, g->b, g->ra, g->rb, s->moving[0] + at, s->moving[1] + at, s->moving[2] + at, n, d);
                CP_LOOP {
                    float a = clamp01(0.5f - d[i] * inverse);
                    out[i] = a > out[i] ? a : out[i];
                }
            }
    }
    for (int64_t k = 0; k < count; k++) {
        const cp_segment *g = segments + k;
        int32_t box[4];
        if (!pixel_box(s, g->lo, g->hi, 0.75f, box)) continue;
        for (int32_t j = box[2]; j < box[3]; j++) {
            int64_t at = (int64_t)j * s->w + box[0];
            int32_t n = box[1] - box[0];
            float *a = s->vessel + at, *liver = s->liver + at;
            uint8_t *out = s->vessel_label + at;
            for (int m = 0; m < 2; m++) {
                if (!(s->modalities >> m & 1)) continue;
                const float v = values[m * tissues + tissue], t = amplitudes[m * tissues + tissue];
                float *val = s->value[m] + at, *amp = s->amplitude[m] + at;
                CP_LOOP {
                    float c = a[i] < liver[i] ? a[i] : liver[i];
                    val[i] += c * (v - val[i]);
                    amp[i] += c * (t - amp[i]);
                }
            }
            CP_LOOP {
                float c = a[i] < liver[i] ? a[i] : liver[i];
                out[i] = c >= 0.5f ? (uint8_t)label : out[i];
                a[i] = 0.0f; /* painted once, although boxes overlap */
            }
        }
    }
}
