#include "shape.h"

#pragma STDC FP_CONTRACT OFF

/* Where the reference anatomy's point lies at this phase.
   The trunk's cross section is scaled along S, so a point that moves along S keeps its place relative to the wall:
   the liver slides along it. */
static inline void forward(const cp_motion *m, float x, float y, float z, float *out) {
    const cp_torso *t = &m->cavity;
    float sx = x - m->spine_x, sy = y - m->spine_y;
    float r2 = (sx * sx + sy * sy) / (m->spine_r * m->spine_r);
    float anchored = r2 * r2 / (0.3f + r2 * r2);
    float dz = z - m->zc;
    float q = dz / (dz > 0.0f ? m->ltop : m->lbottom);
    float along = anchored / (1.0f + q * q);
    float s = torso_scale(t, z);
    float rho4 = torso_rho4(t, x, y, s);
    float inside = 1.0f - rho4;
    inside = inside > 0.0f ? inside : 0.0f;
    inside = inside * inside;
    float z2 = z - m->si * along;
    float s2 = torso_scale(t, z2) / s;
    out[0] = t->cx + (x - t->cx) * s2 + m->lr * along * inside;
    out[1] = t->cy + (y - t->cy) * s2 + m->ap * along * inside;
    out[2] = z2;
}

static inline void backward(const cp_motion *m, float x, float y, float z, float *out) {
    float px = x, py = y, pz = z, f[3];
    for (int i = 0; i < 8; i++) {
        forward(m, px, py, pz, f);
        px += x - f[0];
        py += y - f[1];
        pz += z - f[2];
    }
    out[0] = px;
    out[1] = py;
    out[2] = pz;
}

void cp_forward(const cp_motion *motion, const float *in, float *out) { forward(motion, in[0], in[1], in[2], out); }

void cp_backward(const cp_motion *motion, const float *in, float *out) { backward(motion, in[0], in[1], in[2], out); }

static inline int32_t whole(float x) {
    int32_t i = (int32_t)x;
    return (float)i > x ? i - 1 : i;
}

static inline float ease(float f) { return f * f * (3.0f - 2.0f * f); }

/* Smooth vector noise: values at the nodes of a periodic lattice, eased between them. */
static inline void vector_noise(const float *table, float x, float y, float z, float inverse_cell, float *out) {
    x *= inverse_cell;
    y *= inverse_cell;
    z *= inverse_cell;
    int32_t i = whole(x), j = whole(y), k = whole(z);
    float fx = ease(x - (float)i), fy = ease(y - (float)j), fz = ease(z - (float)k);
    int32_t i0 = i & 31, i1 = (i + 1) & 31, j0 = (j & 31) * 32, j1 = ((j + 1) & 31) * 32, k0 = (k & 31) * 1024,
            k1 = ((k + 1) & 31) * 1024;
    const float *a = table + 4 * (k0 + j0 + i0), *b = table + 4 * (k0 + j0 + i1), *c = table + 4 * (k0 + j1 + i0),
                *d = table + 4 * (k0 + j1 + i1), *e = table + 4 * (k1 + j0 + i0), *f = table + 4 * (k1 + j0 + i1),
                *g = table + 4 * (k1 + j1 + i0), *h = table + 4 * (k1 + j1 + i1);
    float wa = (1 - fx) * (1 - fy) * (1 - fz), wb = fx * (1 - fy) * (1 - fz), wc = (1 - fx) * fy * (1 - fz),
          wd = fx * fy * (1 - fz), we = (1 - fx) * (1 - fy) * fz, wf = fx * (1 - fy) * fz, wg = (1 - fx) * fy * fz,
          wh = fx * fy * fz;
    for (int n = 0; n < 3; n++)
        out[n] = wa * a[n] + wb * b[n] + wc * c[n] + wd * d[n] + we * e[n] + wf * f[n] + wg * g[n] + wh * h[n];
}

void cp_vector_noise(const float *table, float x, float y, float z, float inverse_cell, float *out) {
    vector_noise(table, x, y, z, inverse_cell, out);
}

/* The coordinates vary slowly, so they are found on a lattice and interpolated. */
enum { STEP = 4 };

static inline int32_t nodes_along(int32_t n) { return (n + STEP - 1) / STEP + 1; }

int64_t cp_lattice_nodes(int32_t w, int32_t h) { return (int64_t)nodes_along(w) * nodes_along(h); }

CP_CLONES
static void spread(const float *restrict node, int32_t w, int32_t h, float *restrict out) {
    int32_t nw = nodes_along(w);
    const float quarter = 1.0f / (float)STEP;
    float row[4096];
    for (int32_t j = 0; j < h; j++) {
        const float *a = node + (int64_t)(j / STEP) * nw, *b = a + nw;
        float f = (float)(j % STEP) * quarter;
        for (int32_t i = 0; i < nw; i++) row[i] = a[i] + f * (b[i] - a[i]);
        float *o = out + (int64_t)j * w;
        int32_t whole_cells = w / STEP;
        for (int32_t c = 0; c < whole_cells; c++) {
            float p = row[c], d = (row[c + 1] - p) * quarter;
            for (int32_t s = 0; s < STEP; s++) o[c * STEP + s] = p + d * (float)s;
        }
        for (int32_t i = whole_cells * STEP; i < w; i++)
            o[i] = row[whole_cells] + (row[whole_cells + 1] - row[whole_cells]) * quarter * (float)(i - whole_cells * STEP);
    }
}

static void warp_at(const float *table, float amount, float x, float y, float z, float *out) {
    float a[3], b[3];
    vector_noise(table, x, y, z, 1.0f / 17.0f, a);
    vector_noise(table, x + 91.0f, y + 33.0f, z + 57.0f, 1.0f / 6.5f, b);
    for (int n = 0; n < 3; n++) out[n] = amount * (a[n] + 0.3f * b[n]);
}

void cp_warp(const float *table, float amount, float x, float y, float z, float *out) {
    warp_at(table, amount, x + 300.0f, y, z, out);
}

void cp_coordinates(cp_slice *s, const cp_motion *motion, const cp_residual *residual, const float *warp_table,
                    float warp_mm, float *scratch) {
    int32_t w = s->w, h = s->h, nw = nodes_along(w), nh = nodes_along(h);
    int64_t nodes = (int64_t)nw * nh;
    for (int32_t j = 0; j < nh; j++)
        for (int32_t i = 0; i < nw; i++) {
            int64_t n = (int64_t)j * nw + i;
            float fi = (float)(i * STEP), fj = (float)(j * STEP);
            float p[3], q[3], e[3];
            for (int a = 0; a < 3; a++) p[a] = s->origin[a] + fi * s->di[a] + fj * s->dj[a];
            warp_at(warp_table, warp_mm, p[0], p[1], p[2], e);
            for (int a = 0; a < 3; a++) scratch[a * nodes + n] = p[a] + e[a];
            if (residual->amplitude > 0.0f) {
                vector_noise(residual->table, p[0], p[1], p[2], 1.0f / residual->cell_mm, e);
                for (int a = 0; a < 3; a++) p[a] += residual->amplitude * e[a];
            }
            backward(motion, p[0], p[1], p[2], q);
            warp_at(warp_table, warp_mm, q[0] + 300.0f, q[1], q[2], e);
            for (int a = 0; a < 3; a++) {
                scratch[(3 + a) * nodes + n] = q[a];
                scratch[(6 + a) * nodes + n] = q[a] + e[a];
            }
        }
    for (int a = 0; a < 3; a++) {
        spread(scratch + a * nodes, w, h, s->fixed_warped[a]);
        spread(scratch + (3 + a) * nodes, w, h, s->moving[a]);
        spread(scratch + (6 + a) * nodes, w, h, s->moving_warped[a]);
        float *fixed = s->fixed[a];
        for (int32_t j = 0; j < h; j++)
            for (int32_t i = 0; i < w; i++)
                fixed[(int64_t)j * w + i] = s->origin[a] + (float)i * s->di[a] + (float)j * s->dj[a];
    }
}

void cp_displacement(const cp_slice *s, const cp_motion *motion, const cp_motion *other, float *u0, float *u1,
                     float *u2, float *scratch) {
    int32_t w = s->w, h = s->h, nw = nodes_along(w), nh = nodes_along(h);
    int64_t nodes = (int64_t)nw * nh;
    for (int32_t j = 0; j < nh; j++)
        for (int32_t i = 0; i < nw; i++) {
            int64_t n = (int64_t)j * nw + i;
            float p[3], q[3], f[3];
            for (int a = 0; a < 3; a++)
                p[a] = s->origin[a] + (float)(i * STEP) * s->di[a] + (float)(j * STEP) * s->dj[a];
            backward(motion, p[0], p[1], p[2], q);
            forward(other, q[0], q[1], q[2], f);
            for (int a = 0; a < 3; a++) scratch[a * nodes + n] = f[a] - p[a];
        }
    spread(scratch, w, h, u0);
    spread(scratch + nodes, w, h, u1);
    spread(scratch + 2 * nodes, w, h, u2);
}

float cp_torso_distance(const cp_torso *t, float x, float y, float z) { return torso_distance(t, x, y, z); }

CP_CLONES
void cp_cavity(cp_slice *s, const cp_torso *cavity) {
    int64_t n = (int64_t)s->w * s->h;
    float inverse = 1.0f / s->pixel_mm;
    const cp_torso t = *cavity;
    const float *restrict X = s->fixed[0], *restrict Y = s->fixed[1], *restrict Z = s->fixed[2];
    float *restrict out = s->cavity;
    for (int64_t i = 0; i < n; i++) {
        float d = torso_distance(&t, X[i], Y[i], Z[i]);
        float a = 0.5f - d * inverse;
        a = a < 0.0f ? 0.0f : a;
        out[i] = a > 1.0f ? 1.0f : a;
    }
}
