/* Hot loops of the phantom: portable C, no libm, no allocation, no shared state; the same bits on every CPU. */
#ifndef CPHANTOM_H
#define CPHANTOM_H

#include <stdint.h>

#if defined(__x86_64__) && defined(__linux__)
#define CP_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CP_CLONES
#endif

/* Kinds of primitive. */
enum {
    CP_ELLIPSOID = 0,         /* axes m (rows), inverse radii inv */
    CP_DOME = 1,              /* ellipsoid whose lower half is a cylinder */
    CP_CAPSULE = 2,           /* cone from a to b with radii p[0], p[1] */
    CP_HALFSPACE = 3,         /* normal a, inside where a.x < p[0] */
    CP_TORSO = 4,             /* tapering super-ellipse cylinder, see cp_torso */
    CP_ELLIPTIC_CYLINDER = 5  /* axes m, inverse radii inv[0..1], half height p[0] */
};

/* How a primitive joins those before it. */
enum { CP_UNION = 0, CP_SUBTRACT = 1, CP_INTERSECT = 2 };

/* Which coordinates an organ lives in. */
enum { CP_STATIC = 0, CP_STATIC_WARPED = 1, CP_MOVING = 2, CP_MOVING_WARPED = 3 };

/* A cross section that scales along S: the trunk and the cavity. */
typedef struct {
    float cx, cy;          /* centre, mm */
    float rx, rfront, rback; /* half axes, mm */
    float beta;            /* 2 is an ellipse, 0 a squircle */
    float z0, t1, t2;      /* scale = 1 - t1 (z-z0)/100 - t2 ((z-z0)/100)^2, at least 0.4 */
} cp_torso;

typedef struct {
    int32_t kind, op;
    float blend;           /* mm of smooth blending */
    float shell_offset;    /* a shell: |d - offset| - half, when half > 0 */
    float shell_half;
    float c[3];            /* centre, or a */
    float b[3];
    float m[9];
    float inv[3];
    float p[2];
    float lo[3], hi[3];    /* where its surface can be, mm, in its own coordinates */
    cp_torso torso;
} cp_primitive;

/* What cp_paint needs to know of an organ. */
typedef struct {
    int32_t first, count;
    int32_t space;
    int32_t clip;          /* 0 nowhere, 1 to the cavity, 2 to the cavity and the liver */
    int32_t core, rim, gas; /* tissues; gas < 0: none */
    float rim_mm;
    float gas_level;       /* mm along A in the organ's coordinates; above it is gas */
    float opacity;
    float feather_mm;      /* widens the edge */
    int32_t structure;     /* code for the label map; 0 leaves it */
    int32_t lesion;        /* label of the lesion, 0 none */
    float lo[3], hi[3];
} cp_organ;

/* Breathing: displacement of a point of the reference anatomy, mm. */
typedef struct {
    float si, ap, lr;      /* at this phase; si > 0 moves towards the feet */
    float zc, ltop, lbottom;
    float spine_x, spine_y, spine_r;
    cp_torso cavity;
} cp_motion;

/* A smooth residual field, added before the motion is undone: amplitude in mm. */
typedef struct {
    const float *table;    /* 32^3 x 4 */
    float amplitude;
    float cell_mm;
} cp_residual;

/* A slice is painted in tiles: what cannot matter within one is not evaluated there. */
enum { CP_TILE_W = 32, CP_TILE_H = 16 };

typedef struct {
    float lo, hi;
} cp_range;

typedef struct {
    float lo[3], hi[3];    /* R, A, S, mm */
} cp_box;

/* One slice: where it lies, and planes of w*h numbers each. */
typedef struct {
    int32_t w, h;
    float origin[3], di[3], dj[3]; /* mm of pixel (0, 0), of a step along i and along j */
    float pixel_mm;
    float *lattice;        /* 9 * nodes + 16 floats: coordinates of the spaces 1, 2, 3, planes R, A, S of each */
    cp_box *tile_box;      /* 4 * tiles: bounds of the coordinates of each space in each tile */
    cp_range *tile_cavity; /* bounds of `cavity` in each tile */
    float *cavity;
    float *value[2];
    float *amplitude[2];
    float *liver;
    float *vessel;         /* scratch of one tree */
    float *lesion_cover;
    uint8_t *structure;
    uint8_t *vessel_label;
    uint8_t *lesion_label;
    int32_t modalities;    /* bit 0 CT, bit 1 MR */
    float shift_lo[4][3];  /* bounds, by space, of coordinates less the place in the scanner, mm */
    float shift_hi[4][3];
} cp_slice;

/* Point of a centre line segment: from a to b in the reference anatomy, and where it lies in this phase. */
typedef struct {
    float a[3], b[3];
    float ra, rb;
    float lo[3], hi[3];    /* posed box, mm */
} cp_segment;

uint64_t cp_hash(uint64_t key, uint64_t index);
void cp_gaussians(uint64_t key, uint64_t first, int64_t n, float *out);
void cp_gaussian_pairs(uint64_t key, uint64_t first, int64_t n, float *out0, float *out1);

/* Tables: 32^3 x 4 smooth vectors; 128^3 texture of unit variance (scratch of the same size). */
void cp_vector_table(uint64_t key, float *table);
void cp_texture_table(uint64_t key, float *table, float *scratch);

/* The irregularity of outlines: displacement, mm, of coordinates before a shape is evaluated. */
void cp_warp(const float *table, float amount, float x, float y, float z, float *out);
void cp_vector_noise(const float *table, float x, float y, float z, float inverse_cell, float *out);
void cp_forward(const cp_motion *motion, const float *in, float *out);
void cp_backward(const cp_motion *motion, const float *in, float *out);
float cp_distance(const cp_primitive *primitives, const cp_organ *organ, float x, float y, float z);
float cp_torso_distance(const cp_torso *torso, float x, float y, float z);

/* Bounds of what cp_distance can give for one primitive within a box, its rounding included. */
cp_range cp_bound(const cp_primitive *primitive, const cp_box *box);

/* Coordinates on the lattice, and their bounds in every tile. */
void cp_coordinates(cp_slice *slice, const cp_motion *motion, const cp_residual *residual, const float *warp_table,
                    float warp_mm);
/* Coordinates in `space` of the pixels of the tile at (i0, j0), CP_TILE_W a row: 3 * CP_TILE_W * CP_TILE_H floats. */
void cp_tile_coordinates(const cp_slice *slice, int32_t space, int32_t i0, int32_t j0, float *out);
/* Displacement (3 planes, mm) from this slice's anatomy to the one at `other`. */
void cp_displacement(const cp_slice *slice, const cp_motion *motion, const cp_motion *other, float *u0, float *u1,
                     float *u2, float *scratch);
/* The same for a residual field: from anatomy without to anatomy with it. */
void cp_residual_displacement(const cp_slice *slice, const cp_residual *residual, float *u0, float *u1, float *u2,
                              float *scratch);
int64_t cp_lattice_nodes(int32_t w, int32_t h);
int64_t cp_tiles(int32_t w, int32_t h);

void cp_cavity(cp_slice *slice, const cp_torso *cavity);
/* Paints organs one over the other. */
void cp_paint(cp_slice *slice, const cp_primitive *primitives, const cp_organ *organs, int32_t count,
              const float *values, const float *amplitudes, int32_t tissues);
void cp_paint_vessels(cp_slice *slice, const cp_segment *segments, int64_t count, int32_t tissue, int32_t label,
                      const float *values, const float *amplitudes, int32_t tissues);

/* Adds texture to both images: shared part and a part of each alone. */
void cp_texture(cp_slice *slice, const float *table, float inverse_cell, float shared);

/* dst = row and column convolution of src; taps are odd in number; borders repeat. */
void cp_convolve(const float *src, float *dst, float *scratch, int32_t w, int32_t h, const float *kx, int32_t nx,
                 const float *ky, int32_t ny);
/* out = clean + noise * scale(x, y), stored as Hounsfield units. */
void cp_store_ct(const float *clean, const float *narrow, const float *wide, float gain, const cp_slice *slice,
                 float centre_x, float centre_y, float radius, int16_t *out);
/* Magnitude with complex noise. */
void cp_store_mr(const float *clean, const float *n0, const float *n1, float sigma, int64_t n, int16_t *out);
/* sum += share * layer */
void cp_accumulate(const float *layer, float *sum, float share, int64_t n);
/* The nearest whole numbers to value * scale, halves away from zero, within 16 bits. */
void cp_store_scaled(const float *values, float scale, int64_t n, int16_t *out);
void cp_bias(float *image, const cp_slice *slice, const float *coefficients);

#endif
