/* Signed distances of primitives, and how they join: inlined where a loop needs them. */
#ifndef CP_DISTANCE_H
#define CP_DISTANCE_H

#include "shape.h"

#pragma STDC FP_CONTRACT OFF

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

#endif
