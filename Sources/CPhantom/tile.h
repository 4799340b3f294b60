/* Tiles of a slice: how many there are, and when something surely covers a pixel. */
#ifndef CP_TILE_H_
#define CP_TILE_H_

#include "cphantom.h"

#pragma STDC FP_CONTRACT OFF

enum { TILE_PIXELS = CP_TILE_W * CP_TILE_H };

/* The coordinates vary slowly, so they are found on a lattice and interpolated. */
enum { STEP = 4 };
_Static_assert(CP_TILE_W % STEP == 0 && CP_TILE_H % STEP == 0, "a tile starts at a node");

static inline int32_t nodes_along(int32_t n) { return (n + STEP - 1) / STEP + 1; }

static inline int32_t tiles_along_i(int32_t w) { return (w + CP_TILE_W - 1) / CP_TILE_W; }

static inline int32_t tiles_along_j(int32_t h) { return (h + CP_TILE_H - 1) / CP_TILE_H; }

/* Beyond this distance, mm, a pixel is surely outside, and below its negative surely inside: the edge is
   `width_mm` wide, and the rest is margin for the rounding of 0.5 - d / width. */
static inline float edge_mm(float width_mm) { return 0.5001f * width_mm + 1e-4f; }

/* Place of a pixel in the scanner along one axis, mm. */
static inline float place_of(const cp_slice *s, int axis, int32_t i, int32_t j) {
    return s->origin[axis] + (float)i * s->di[axis] + (float)j * s->dj[axis];
}

/* Bounds of the coordinates of each space in every tile, from the lattice. */
void cp_bound_tiles(cp_slice *slice);

/* Pixel box (i0, i1, j0, j1) of a world box that a slice can touch; 0 when it cannot. */
int cp_pixel_box(const cp_slice *slice, const float *lo, const float *hi, float margin, int32_t *box);

/* The same for a box in coordinates that lie between `ahead` and `back` mm from the place in the scanner. */
int cp_shifted_box(const cp_slice *slice, const float *lo, const float *hi, const float *back, const float *ahead,
                float margin, int32_t *box);

#endif
