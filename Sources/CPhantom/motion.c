#include "shape.h"
#include "tile.h"

#pragma STDC FP_CONTRACT OFF

/* Where the reference anatomy's point lies at this phase.
   The trunk's cross section is scaled along S, so a point that moves along S keeps its place relative to the wall:
   the liver slides along it. */
static inline __attribute__((always_inline)) void forward(const cp_motion *m, float x, float y, float z, float *out) {
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
static inline __attribute__((always_inline)) void vector_noise(const float *table, float x, float y, float z, float inverse_cell, float *out) {
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

static inline __attribute__((always_inline)) void warp_at(const float *table, float amount, float x, float y, float z, float *out) {
    float a[3], b[3];
    vector_noise(table, x, y, z, 1.0f / 17.0f, a);
    vector_noise(table, x + 91.0f, y + 33.0f, z + 57.0f, 1.0f / 6.5f, b);
    for (int n = 0; n < 3; n++) out[n] = amount * (a[n] + 0.3f * b[n]);
}

void cp_warp(const float *table, float amount, float x, float y, float z, float *out) {
    warp_at(table, amount, x + 300.0f, y, z, out);
}

/* Nodes of a lattice row, a block at a time, so that the compiler can do several at once. */
enum { BLOCK = 64 };

typedef struct {
    float x[BLOCK], y[BLOCK], z[BLOCK];
} points;

#define CP_NODES for (int32_t i = 0; i < n; i++)

static inline __attribute__((always_inline)) void warp_block(const float *table, float amount, float shift,
                                                             const points *p, int32_t n, points *out) {
    CP_NODES {
        float e[3];
        warp_at(table, amount, p->x[i] + shift, p->y[i], p->z[i], e);
        out->x[i] = p->x[i] + e[0];
        out->y[i] = p->y[i] + e[1];
        out->z[i] = p->z[i] + e[2];
    }
}

static inline __attribute__((always_inline)) void backward_block(const cp_motion *m, const points *p, int32_t n,
                                                                 points *q) {
    const cp_motion motion = *m;
    *q = *p;
    for (int step = 0; step < 8; step++) CP_NODES {
        float f[3];
        forward(&motion, q->x[i], q->y[i], q->z[i], f);
        q->x[i] += p->x[i] - f[0];
        q->y[i] += p->y[i] - f[1];
        q->z[i] += p->z[i] - f[2];
    }
}

static inline __attribute__((always_inline)) void add_residual(const cp_residual *residual, int32_t n, points *p) {
    if (residual->amplitude <= 0.0f) return;
    CP_NODES {
        float e[3];
        vector_noise(residual->table, p->x[i], p->y[i], p->z[i], 1.0f / residual->cell_mm, e);
        p->x[i] += residual->amplitude * e[0];
        p->y[i] += residual->amplitude * e[1];
        p->z[i] += residual->amplitude * e[2];
    }
}

static inline __attribute__((always_inline)) void place(const cp_slice *s, int32_t i0, int32_t j, int32_t n,
                                                        points *p) {
    float fj = (float)(j * STEP);
    CP_NODES {
        float fi = (float)((i0 + i) * STEP);
        p->x[i] = s->origin[0] + fi * s->di[0] + fj * s->dj[0];
        p->y[i] = s->origin[1] + fi * s->di[1] + fj * s->dj[1];
        p->z[i] = s->origin[2] + fi * s->di[2] + fj * s->dj[2];
    }
}

static inline __attribute__((always_inline)) void keep(const points *p, int32_t n, float *scratch, int64_t nodes,
                                                       int64_t at) {
    CP_NODES {
        scratch[at + i] = p->x[i];
        scratch[nodes + at + i] = p->y[i];
        scratch[2 * nodes + at + i] = p->z[i];
    }
}

/* Widens the bounds of how far coordinates lie from the place in the scanner. */
static void widen(cp_slice *s, int space, const points *there, const points *here, int32_t n) {
    const float *a[3] = {there->x, there->y, there->z}, *b[3] = {here->x, here->y, here->z};
    for (int axis = 0; axis < 3; axis++) {
        float low = s->shift_lo[space][axis], high = s->shift_hi[space][axis];
        CP_NODES {
            float d = a[axis][i] - b[axis][i];
            low = d < low ? d : low;
            high = d > high ? d : high;
        }
        s->shift_lo[space][axis] = low;
        s->shift_hi[space][axis] = high;
    }
}

CP_CLONES
static void coordinate_rows(cp_slice *s, const cp_motion *motion, const cp_residual *residual,
                            const float *warp_table, float warp_mm, float *scratch) {
    int32_t nw = nodes_along(s->w), nh = nodes_along(s->h);
    int64_t nodes = (int64_t)nw * nh;
    points fixed, from, moving, warped;
    for (int32_t j = 0; j < nh; j++)
        for (int32_t i0 = 0; i0 < nw; i0 += BLOCK) {
            int32_t n = nw - i0 < BLOCK ? nw - i0 : BLOCK;
            int64_t at = (int64_t)j * nw + i0;
            place(s, i0, j, n, &fixed);
            warp_block(warp_table, warp_mm, 0.0f, &fixed, n, &warped);
            keep(&warped, n, scratch, nodes, at);
            widen(s, CP_STATIC_WARPED, &warped, &fixed, n);
            from = fixed;
            add_residual(residual, n, &from);
            backward_block(motion, &from, n, &moving);
            keep(&moving, n, scratch + 3 * nodes, nodes, at);
            widen(s, CP_MOVING, &moving, &fixed, n);
            warp_block(warp_table, warp_mm, 300.0f, &moving, n, &warped);
            keep(&warped, n, scratch + 6 * nodes, nodes, at);
            widen(s, CP_MOVING_WARPED, &warped, &fixed, n);
        }
}

void cp_coordinates(cp_slice *s, const cp_motion *motion, const cp_residual *residual, const float *warp_table,
                    float warp_mm) {
    for (int space = 0; space < 4; space++)
        for (int axis = 0; axis < 3; axis++) s->shift_lo[space][axis] = s->shift_hi[space][axis] = 0.0f;
    coordinate_rows(s, motion, residual, warp_table, warp_mm, s->lattice);
    cp_bound_tiles(s);
}

/* Where a point of this slice lies in the reference anatomy at `motion`, then where that lies at `other`. */
CP_CLONES
static void displacement_rows(const cp_slice *s, const cp_motion *motion, const cp_motion *other, float *scratch) {
    int32_t nw = nodes_along(s->w), nh = nodes_along(s->h);
    int64_t nodes = (int64_t)nw * nh;
    const cp_motion there = *other;
    points here, rest, moved;
    for (int32_t j = 0; j < nh; j++)
        for (int32_t i0 = 0; i0 < nw; i0 += BLOCK) {
            int32_t n = nw - i0 < BLOCK ? nw - i0 : BLOCK;
            place(s, i0, j, n, &here);
            backward_block(motion, &here, n, &rest);
            CP_NODES {
                float f[3];
                forward(&there, rest.x[i], rest.y[i], rest.z[i], f);
                moved.x[i] = f[0] - here.x[i];
                moved.y[i] = f[1] - here.y[i];
                moved.z[i] = f[2] - here.z[i];
            }
            keep(&moved, n, scratch, nodes, (int64_t)j * nw + i0);
        }
}

void cp_displacement(const cp_slice *s, const cp_motion *motion, const cp_motion *other, float *u0, float *u1,
                     float *u2, float *scratch) {
    int32_t w = s->w, h = s->h;
    int64_t nodes = cp_lattice_nodes(w, h);
    displacement_rows(s, motion, other, scratch);
    spread(scratch, w, h, u0);
    spread(scratch + nodes, w, h, u1);
    spread(scratch + 2 * nodes, w, h, u2);
}

/* Where anatomy of this place is found once the residual field has moved it: p + a n(p) = x, as p - x. */
CP_CLONES
static void residual_rows(const cp_slice *s, const cp_residual *residual, float *scratch) {
    int32_t nw = nodes_along(s->w), nh = nodes_along(s->h);
    int64_t nodes = (int64_t)nw * nh;
    points here, p, moved;
    for (int32_t j = 0; j < nh; j++)
        for (int32_t i0 = 0; i0 < nw; i0 += BLOCK) {
            int32_t n = nw - i0 < BLOCK ? nw - i0 : BLOCK;
            place(s, i0, j, n, &here);
            p = here;
            for (int step = 0; step < 12; step++) {
                moved = p;
                add_residual(residual, n, &moved);
                CP_NODES {
                    p.x[i] += here.x[i] - moved.x[i];
                    p.y[i] += here.y[i] - moved.y[i];
                    p.z[i] += here.z[i] - moved.z[i];
                }
            }
            CP_NODES {
                moved.x[i] = p.x[i] - here.x[i];
                moved.y[i] = p.y[i] - here.y[i];
                moved.z[i] = p.z[i] - here.z[i];
            }
            keep(&moved, n, scratch, nodes, (int64_t)j * nw + i0);
        }
}

void cp_residual_displacement(const cp_slice *s, const cp_residual *residual, float *u0, float *u1, float *u2,
                              float *scratch) {
    int64_t nodes = cp_lattice_nodes(s->w, s->h);
    residual_rows(s, residual, scratch);
    spread(scratch, s->w, s->h, u0);
    spread(scratch + nodes, s->w, s->h, u1);
    spread(scratch + 2 * nodes, s->w, s->h, u2);
}

float cp_torso_distance(const cp_torso *t, float x, float y, float z) { return torso_distance(t, x, y, z); }

