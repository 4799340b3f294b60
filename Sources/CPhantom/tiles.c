#include "shape.h"
#include "tile.h"

#pragma STDC FP_CONTRACT OFF

int64_t cp_tiles(int32_t w, int32_t h) { return (int64_t)tiles_along_i(w) * tiles_along_j(h); }

/* Rounding of the interpolation between nodes takes a coordinate out of their bounds by less than this, mm. */
static const float INTERPOLATION_MM = 1e-3f;

/* Bounds of one coordinate in every tile, from the nodes around its pixels. */
CP_CLONES
static void bound_plane(const float *restrict node, int32_t w, int32_t h, int32_t axis, cp_box *boxes) {
    const int32_t nw = nodes_along(w), nh = nodes_along(h), across = CP_TILE_W / STEP, down = CP_TILE_H / STEP;
    const int32_t tw = tiles_along_i(w), th = tiles_along_j(h);
    float low[4096], high[4096];
    for (int32_t tj = 0; tj < th; tj++) {
        int32_t j1 = (tj + 1) * down < nh - 1 ? (tj + 1) * down : nh - 1;
        const float *row = node + (int64_t)tj * down * nw;
        for (int32_t i = 0; i < nw; i++) low[i] = high[i] = row[i];
        for (int32_t j = tj * down + 1; j <= j1; j++) {
            row += nw;
            for (int32_t i = 0; i < nw; i++) {
                low[i] = row[i] < low[i] ? row[i] : low[i];
                high[i] = row[i] > high[i] ? row[i] : high[i];
            }
        }
        for (int32_t ti = 0; ti < tw; ti++) {
            int32_t i1 = (ti + 1) * across < nw - 1 ? (ti + 1) * across : nw - 1;
            float a = low[ti * across], b = high[ti * across];
            for (int32_t i = ti * across + 1; i <= i1; i++) {
                a = low[i] < a ? low[i] : a;
                b = high[i] > b ? high[i] : b;
            }
            boxes[tj * tw + ti].lo[axis] = a - INTERPOLATION_MM;
            boxes[tj * tw + ti].hi[axis] = b + INTERPOLATION_MM;
        }
    }
}

/* The place in the scanner is linear in i and j, so its extremes are at corners. */
static void bound_fixed_tiles(const cp_slice *s, cp_box *boxes) {
    const int32_t tw = tiles_along_i(s->w), th = tiles_along_j(s->h);
    for (int32_t t = 0; t < tw * th; t++)
        for (int axis = 0; axis < 3; axis++) {
            float low = 0.0f, high = 0.0f;
            for (int corner = 0; corner < 4; corner++) {
                int32_t i = t % tw * CP_TILE_W + (corner & 1 ? CP_TILE_W - 1 : 0);
                int32_t j = t / tw * CP_TILE_H + (corner & 2 ? CP_TILE_H - 1 : 0);
                float p = place_of(s, axis, i, j);
                low = corner == 0 || p < low ? p : low;
                high = corner == 0 || p > high ? p : high;
            }
            boxes[t].lo[axis] = low;
            boxes[t].hi[axis] = high;
        }
}

void cp_bound_tiles(cp_slice *s) {
    const int64_t nodes = cp_lattice_nodes(s->w, s->h), tiles = cp_tiles(s->w, s->h);
    bound_fixed_tiles(s, s->tile_box);
    for (int space = CP_STATIC_WARPED; space <= CP_MOVING_WARPED; space++)
        for (int axis = 0; axis < 3; axis++)
            bound_plane(s->lattice + (3 * (space - 1) + axis) * nodes, s->w, s->h, axis, s->tile_box + space * tiles);
}

typedef float sixteen __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) void between(const sixteen *a, const sixteen *b, float *out) {
    const sixteen share = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
    const sixteen d = (*b - *a) * (1.0f / (float)STEP), v = *a + d * share;
    __builtin_memcpy(out, &v, sizeof v);
}

CP_CLONES
void cp_tile_coordinates(const cp_slice *s, int32_t space, int32_t i0, int32_t j0, float *restrict out) {
    _Static_assert(CP_TILE_W == 32 && STEP == 4, "nine nodes bound the pixels of a row");
    const int32_t rows = s->h - j0 < CP_TILE_H ? s->h - j0 : CP_TILE_H;
    if (space == CP_STATIC) {
        for (int a = 0; a < 3; a++, out += TILE_PIXELS)
            for (int32_t j = 0; j < rows; j++)
                for (int32_t i = 0; i < CP_TILE_W; i++) out[j * CP_TILE_W + i] = place_of(s, a, i0 + i, j0 + j);
        return;
    }
    const int32_t nw = nodes_along(s->w);
    const int64_t nodes = (int64_t)nw * nodes_along(s->h);
    for (int a = 0; a < 3; a++, out += TILE_PIXELS) {
        const float *node = s->lattice + (3 * (space - 1) + a) * nodes + i0 / STEP;
        for (int32_t j = 0; j < rows; j++) {
            const float *p = node + (int64_t)((j0 + j) / STEP) * nw;
            const float f = (float)((j0 + j) % STEP) * (1.0f / (float)STEP);
            /* More nodes than the tile has are read, and pixels beyond the image get some number: none is used. */
            sixteen upper, lower;
            __builtin_memcpy(&upper, p, sizeof upper);
            __builtin_memcpy(&lower, p + nw, sizeof lower);
            const sixteen n = upper + f * (lower - upper);
            const sixteen a0 = __builtin_shufflevector(n, n, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
            const sixteen b0 = __builtin_shufflevector(n, n, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4);
            const sixteen a1 = __builtin_shufflevector(n, n, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7);
            const sixteen b1 = __builtin_shufflevector(n, n, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8);
            between(&a0, &b0, out + j * CP_TILE_W);
            between(&a1, &b1, out + j * CP_TILE_W + 16);
        }
    }
}

CP_CLONES
void cp_cavity(cp_slice *s, const cp_torso *cavity) {
    const float inverse = 1.0f / s->pixel_mm, edge = edge_mm(s->pixel_mm);
    const int32_t tw = tiles_along_i(s->w);
    const cp_torso t = *cavity;
    const cp_primitive wall = {.kind = CP_TORSO, .op = CP_UNION, .torso = t};
    float at[3 * TILE_PIXELS];
    for (int32_t j0 = 0; j0 < s->h; j0 += CP_TILE_H)
        for (int32_t i0 = 0; i0 < s->w; i0 += CP_TILE_W) {
            const int32_t tile = j0 / CP_TILE_H * tw + i0 / CP_TILE_W;
            const int32_t rows = s->h - j0 < CP_TILE_H ? s->h - j0 : CP_TILE_H;
            const int32_t n = s->w - i0 < CP_TILE_W ? s->w - i0 : CP_TILE_W;
            const cp_range d = cp_bound(&wall, s->tile_box + tile);
            float least = 1.0f, most = 0.0f;
            if (d.lo >= edge || d.hi <= -edge) {
                const float share = d.lo >= edge ? 0.0f : 1.0f;
                for (int32_t j = 0; j < rows; j++)
                    for (int32_t i = 0; i < n; i++) s->cavity[(int64_t)(j0 + j) * s->w + i0 + i] = share;
                s->tile_cavity[tile].lo = s->tile_cavity[tile].hi = share;
                continue;
            }
            cp_tile_coordinates(s, CP_STATIC, i0, j0, at);
            for (int32_t j = 0; j < rows; j++) {
                const float *x = at + j * CP_TILE_W, *y = x + TILE_PIXELS, *z = y + TILE_PIXELS;
                float *restrict out = s->cavity + (int64_t)(j0 + j) * s->w + i0;
                for (int32_t i = 0; i < n; i++) {
                    float a = 0.5f - torso_distance(&t, x[i], y[i], z[i]) * inverse;
                    a = a < 0.0f ? 0.0f : a;
                    a = a > 1.0f ? 1.0f : a;
                    out[i] = a;
                    least = a < least ? a : least;
                    most = a > most ? a : most;
                }
            }
            s->tile_cavity[tile].lo = least;
            s->tile_cavity[tile].hi = most;
        }
}
