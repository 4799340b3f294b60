/* Inline pieces that more than one file needs. */
#ifndef CP_SHAPE_H
#define CP_SHAPE_H

#include "cphantom.h"

#pragma STDC FP_CONTRACT OFF

static inline float torso_scale(const cp_torso *t, float z) {
    float q = (z - t->z0) * 0.01f;
    float s = 1.0f - t->t1 * q - t->t2 * q * q;
    return s > 0.4f ? s : 0.4f;
}

/* Fourth power of the normalised radius in the cross section. */
static inline float torso_rho4(const cp_torso *t, float x, float y, float s) {
    float u = (x - t->cx) / (t->rx * s);
    float v = (y - t->cy) / ((y > t->cy ? t->rfront : t->rback) * s);
    u = u * u;
    v = v * v;
    return u * u + v * v + t->beta * u * v;
}

/* Approximate signed distance to the wall, mm. */
static inline float torso_distance(const cp_torso *t, float x, float y, float z) {
    float s = torso_scale(t, z);
    float ix = 1.0f / (t->rx * s), iy = 1.0f / ((y > t->cy ? t->rfront : t->rback) * s);
    float u = (x - t->cx) * ix, v = (y - t->cy) * iy;
    float u2 = u * u, v2 = v * v;
    float r2 = __builtin_sqrtf(u2 * u2 + v2 * v2 + t->beta * u2 * v2);
    float rho = __builtin_sqrtf(r2);
    float gx = (2.0f * u2 * u + t->beta * u * v2) * ix, gy = (2.0f * v2 * v + t->beta * v * u2) * iy;
    float g = __builtin_sqrtf(gx * gx + gy * gy);
    /* |grad rho| = |grad rho^4| / (4 rho^3); the factor 2 is already taken out of gx, gy */
    float slope = g / (2.0f * (rho * r2 > 1e-6f ? rho * r2 : 1e-6f));
    return (rho - 1.0f) / (slope > 1e-4f ? slope : 1e-4f);
}

#endif
