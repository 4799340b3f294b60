#include "distance.h"
#include "tile.h"

#pragma STDC FP_CONTRACT OFF

float cp_distance(const cp_primitive *primitives, const cp_organ *organ, float x, float y, float z) {
    float acc = 1e6f, d;
    for (int32_t n = 0; n < organ->count; n++) {
        const cp_primitive *p = primitives + organ->first + n;
        primitive(p, &x, &y, &z, 1, &d);
        join(p, &acc, &d, 1);
    }
    return acc;
}

/* A primitive that can reach the slice, and the pixels for which it is asked. */
typedef struct {
    const cp_primitive *shape;
    int32_t i0, i1, j0, j1;
    float needed;          /* once this primitive is joined, distances from here on, mm, cannot end in a covered pixel */
} active;

enum { CHUNK = 64, MOST = 512 };

/* An organ that can reach the slice: its pixel box and its primitives there. */
typedef struct {
    const cp_organ *organ;
    int32_t box[4];
    int32_t first, live;
} present;

/* Primitives of an organ that can reach the slice; returns their number. */
static int32_t reaching(const cp_slice *s, const cp_primitive *primitives, const cp_organ *organ, int32_t *box,
                        active *list) {
    const float margin = 2.0f + organ->feather_mm + 1.5f * s->pixel_mm;
    const float *back = s->shift_hi[organ->space], *ahead = s->shift_lo[organ->space];
    if (!cp_shifted_box(s, organ->lo, organ->hi, back, ahead, margin, box)) return 0;
    int32_t live = 0;
    for (int32_t k = 0; k < organ->count && live < MOST; k++) {
        const cp_primitive *p = primitives + organ->first + k;
        active *a = list + live;
        a->shape = p;
        a->i0 = box[0];
        a->i1 = box[1];
        a->j0 = box[2];
        a->j1 = box[3];
        /* Sharp parts of a union are asked for within their own box, in runs of CHUNK pixels. */
        if (p->op == CP_UNION && p->blend <= 0.0f) {
            int32_t b[4];
            if (!cp_shifted_box(s, p->lo, p->hi, back, ahead, margin, b)) continue;
            if (b[0] >= box[1] || b[1] <= box[0] || b[2] >= box[3] || b[3] <= box[2]) continue;
            if (b[0] > a->i0) a->i0 += (b[0] - box[0]) / CHUNK * CHUNK;
            const int32_t end = box[0] + (b[1] - box[0] + CHUNK - 1) / CHUNK * CHUNK;
            a->i1 = end < box[1] ? end : box[1];
            a->j0 = b[2] > box[2] ? b[2] : box[2];
            a->j1 = b[3] < box[3] ? b[3] : box[3];
        }
        live++;
    }
    float needed = edge_mm(s->pixel_mm + organ->feather_mm);
    for (int32_t k = live - 1; k >= 0; k--) {
        list[k].needed = needed;
        /* Only within the width of blending can what is far make what is near change. */
        if (list[k].shape->op == CP_UNION) needed += list[k].shape->blend;
    }
    return live;
}

/* Part of a tile that is painted. */
typedef struct {
    int32_t i0, i1, j0, j1;
} region;

static inline int covers(const active *a, const region *r) {
    return a->i0 <= r->i0 && a->i1 >= r->i1 && a->j0 <= r->j0 && a->j1 >= r->j1;
}

static inline float least(float a, float b) { return a < b ? a : b; }

static inline float blended(float a, float b, float k) {
    const float h = k - (a < b ? b - a : a - b);
    return least(a, b) - (h > 0.0f ? h * h / k * 0.25f : 0.0f);
}

static inline cp_range rounded(float lo, float hi) {
    cp_range r = {lo - 1e-4f - 2e-6f * (lo < 0.0f ? -lo : lo), hi + 1e-4f + 2e-6f * (hi < 0.0f ? -hi : hi)};
    return r;
}

/* Finds which primitives decide the pixels of a region, and bounds of the organ's distance there.
   The first of the steps is taken as it is, the others are joined; none: the organ is not there. Joining is monotone
   in both distances, so bounds join as distances do. */
static int32_t plan(const active *list, int32_t live, const cp_box *box, const region *r, const active **steps,
                    cp_range *distance) {
    int32_t count = 0;
    cp_range acc = {1e6f, 1e6f};
    for (int32_t k = 0; k < live; k++) {
        const active *a = list + k;
        const float blend = a->shape->blend;
        if (a->i0 >= r->i1 || a->i1 <= r->i0 || a->j0 >= r->j1 || a->j1 <= r->j0) continue;
        const cp_range d = cp_bound(a->shape, box);
        if (a->shape->op == CP_UNION) {
            if (d.lo >= acc.hi + blend || d.lo >= a->needed + blend) continue;
            const int whole = covers(a, r);
            if (whole && d.hi + blend <= acc.lo) {
                count = 0;
                acc = d;
            } else {
                acc = rounded(blended(acc.lo, d.lo, blend), whole ? blended(acc.hi, d.hi, blend) : acc.hi);
            }
        } else {
            const cp_range e = a->shape->op == CP_SUBTRACT ? (cp_range){-d.hi, -d.lo} : d;
            if (e.hi + blend <= acc.lo) continue;
            if (e.lo >= acc.hi + blend) {
                count = 0;
                acc = e;
            } else {
                acc = rounded(-blended(-acc.lo, -e.lo, blend), -blended(-acc.hi, -e.hi, blend));
            }
        }
        steps[count++] = a;
        if (acc.lo >= a->needed) {
            count = 0;
            acc.lo = acc.hi = 1e6f;
        }
    }
    *distance = acc;
    return count;
}

/* Distances of the pixels of a region; `acc` and `d` have CP_TILE_W numbers a row, from the region's first row on. */
static inline __attribute__((always_inline)) void distances(const active *const *steps, int32_t count,
                                                            const region *r, int32_t i0, const float *x,
                                                            const float *y, const float *z, float *acc, float *d) {
    const int32_t n = (r->j1 - r->j0) * CP_TILE_W;
    for (int32_t k = 0; k < count; k++) {
        const active *a = steps[k];
        float *out = k == 0 ? acc : d;
        primitive(a->shape, x, y, z, n, out);
        if (!covers(a, r))
            for (int32_t j = r->j0; j < r->j1; j++) {
                float *row = out + (j - r->j0) * CP_TILE_W;
                for (int32_t i = 0; i < CP_TILE_W; i++)
                    row[i] = j >= a->j0 && j < a->j1 && i0 + i >= a->i0 && i0 + i < a->i1 ? row[i] : 1e6f;
            }
        if (k > 0) join(a->shape, acc, d, n);
        else if (a->shape->op == CP_SUBTRACT) CP_LOOP acc[i] = -acc[i];
    }
}

/* What fills a region: share of the organ in each pixel, of its rim and of its gas. */
typedef struct {
    float alpha[TILE_PIXELS], edge[TILE_PIXELS], gas[TILE_PIXELS];
} cover;

/* Mixes the organ into images and labels. */
static inline __attribute__((always_inline)) void mix(cp_slice *s, const cp_organ *organ, const float *values,
                                                      const float *amplitudes, int32_t tissues, const region *r,
                                                      int32_t i0, const cover *c) {
    const int32_t n = r->i1 - r->i0;
    for (int32_t j = r->j0; j < r->j1; j++) {
        const int64_t at = (int64_t)j * s->w + r->i0;
        const int32_t in = (j - r->j0) * CP_TILE_W + r->i0 - i0;
        const float *alpha = c->alpha + in, *edge = c->edge + in, *gas = c->gas + in;
        for (int m = 0; m < 2; m++) {
            if (!(s->modalities >> m & 1)) continue;
            const float *v = values + m * tissues, *t = amplitudes + m * tissues;
            const int32_t gi = organ->gas >= 0 ? organ->gas : organ->core;
            const float vc = v[organ->core], vr = v[organ->rim], vg = v[gi];
            const float tc = t[organ->core], tr = t[organ->rim], tg = t[gi];
            const float opacity = organ->opacity;
            float *restrict val = s->value[m] + at, *restrict amp = s->amplitude[m] + at;
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
            uint8_t *restrict out = s->structure + at;
            const uint8_t code = (uint8_t)organ->structure;
            CP_LOOP out[i] = alpha[i] >= 0.5f ? code : out[i];
            if (organ->structure == 2) {
                float *restrict liver = s->liver + at;
                CP_LOOP liver[i] = liver[i] > alpha[i] ? liver[i] : alpha[i];
            }
        }
        if (organ->lesion > 0) {
            uint8_t *restrict out = s->lesion_label + at;
            float *restrict whole = s->lesion_cover + at;
            const uint8_t code = (uint8_t)organ->lesion;
            CP_LOOP {
                out[i] = alpha[i] > 0.0f ? code : out[i];
                whole[i] += alpha[i];
            }
        }
    }
}

/* Covers a region as far as what clips the organ allows. */
static inline __attribute__((always_inline)) void clip(const cp_slice *s, const cp_organ *organ, const cp_range *wall,
                                                       const region *r, int32_t i0, float *alpha) {
    const int32_t n = r->i1 - r->i0;
    for (int32_t j = r->j0; j < r->j1; j++) {
        const int64_t at = (int64_t)j * s->w + r->i0;
        float *restrict a = alpha + (j - r->j0) * CP_TILE_W + r->i0 - i0;
        if (organ->clip >= 1 && wall->lo < 1.0f) {
            const float *c = s->cavity + at;
            CP_LOOP a[i] = a[i] < c[i] ? a[i] : c[i];
        }
        if (organ->clip >= 2) {
            const float *c = s->liver + at;
            CP_LOOP a[i] = a[i] < c[i] ? a[i] : c[i];
        }
    }
}

/* Coordinates of a tile in each space, found when first asked for. */
typedef struct {
    float at[4][3 * TILE_PIXELS];
    int32_t known;         /* bit of each space */
} places;

static inline __attribute__((always_inline)) void paint_tile(cp_slice *s, const present *o, const active *list,
                                                             const float *values, const float *amplitudes,
                                                             int32_t tissues, int32_t i0, int32_t j0, int32_t tile,
                                                             places *known) {
    const cp_organ *organ = o->organ;
    const cp_range *wall = s->tile_cavity + tile;
    /* Where what clips it is empty there is nothing to paint. */
    if (organ->clip >= 1 && wall->hi <= 0.0f) return;
    const int32_t *box = o->box;
    const region r = {i0 > box[0] ? i0 : box[0], i0 + CP_TILE_W < box[1] ? i0 + CP_TILE_W : box[1],
                      j0 > box[2] ? j0 : box[2], j0 + CP_TILE_H < box[3] ? j0 + CP_TILE_H : box[3]};
    const cp_box *b = s->tile_box + organ->space * cp_tiles(s->w, s->h) + tile;
    const active *steps[MOST];
    cp_range distance;
    const int32_t count = plan(list + o->first, o->live, b, &r, steps, &distance);
    if (count == 0) return;
    const float width = s->pixel_mm + organ->feather_mm, inverse = 1.0f / width, sure = edge_mm(width);
    const float rim = organ->rim_mm, level = organ->gas_level;
    const int32_t n = (r.j1 - r.j0) * CP_TILE_W;
    /* A share that is the same all over the region needs no distance: 0 none of it, 1 all, -1 it varies. */
    const int inside = distance.hi <= -sure;
    const int rims = rim <= 0.0f || distance.hi + rim <= -sure ? 0 : (distance.lo + rim >= sure ? 1 : -1);
    const int gassy = organ->gas < 0 || b->hi[1] - level <= -sure ? 0 : (b->lo[1] - level >= sure ? 1 : -1);
    float acc[TILE_PIXELS], d[TILE_PIXELS];
    cover c;
    if (!inside || rims < 0 || gassy < 0) {
        if (!(known->known >> organ->space & 1)) cp_tile_coordinates(s, organ->space, i0, j0, known->at[organ->space]);
        known->known |= 1 << organ->space;
        const float *x = known->at[organ->space] + (r.j0 - j0) * CP_TILE_W, *y = x + TILE_PIXELS, *z = y + TILE_PIXELS;
        if (!inside || rims < 0) {
            distances(steps, count, &r, i0, x, y, z, acc, d);
            CP_LOOP c.alpha[i] = clamp01(0.5f - acc[i] * inverse);
        }
        if (rims < 0) CP_LOOP c.edge[i] = clamp01(0.5f + (acc[i] + rim) * inverse);
        if (gassy < 0) CP_LOOP c.gas[i] = clamp01(0.5f + (y[i] - level) * inverse);
    }
    if (inside) CP_LOOP c.alpha[i] = 1.0f;
    if (rims >= 0) CP_LOOP c.edge[i] = (float)rims;
    if (gassy >= 0) CP_LOOP c.gas[i] = (float)gassy;
    if (organ->clip >= 1) clip(s, organ, wall, &r, i0, c.alpha);
    mix(s, organ, values, amplitudes, tissues, &r, i0, &c);
}

/* Organs are painted in batches, each of them tile by tile, so that a tile stays in the cache. */
enum { ORGANS = 128, PRIMITIVES = 2 * MOST };

CP_CLONES
void cp_paint(cp_slice *s, const cp_primitive *primitives, const cp_organ *organs, int32_t count, const float *values,
              const float *amplitudes, int32_t tissues) {
    present batch[ORGANS];
    active list[PRIMITIVES];
    places known;
    const int32_t tw = tiles_along_i(s->w);
    for (int32_t next = 0; next < count;) {
        int32_t n = 0, used = 0;
        for (; next < count && n < ORGANS && used + MOST <= PRIMITIVES; next++) {
            present *o = batch + n;
            o->organ = organs + next;
            o->first = used;
            o->live = reaching(s, primitives, o->organ, o->box, list + used);
            used += o->live;
            n += o->live > 0;
        }
        for (int32_t j0 = 0; j0 < s->h; j0 += CP_TILE_H)
            for (int32_t i0 = 0; i0 < s->w; i0 += CP_TILE_W) {
                known.known = 0;
                for (const present *o = batch; o < batch + n; o++) {
                    const int32_t *b = o->box;
                    if (b[0] >= i0 + CP_TILE_W || b[1] <= i0 || b[2] >= j0 + CP_TILE_H || b[3] <= j0) continue;
                    paint_tile(s, o, list, values, amplitudes, tissues, i0, j0, j0 / CP_TILE_H * tw + i0 / CP_TILE_W,
                               &known);
                }
            }
    }
}
