/* Draws a scene from a seed, renders one slice of it with the kernels of CPhantom and prints a digest of every stage.
   Builds of two processors that print the same lines gave the same bytes: see `compare_processors`. */
#include "cphantom.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { W = 214, H = 187, ORGANS = 120, TISSUES = 8 };

static uint64_t draws;

static float uniform(float low, float high) {
    return low + (high - low) * ((float)(cp_hash(20261201, draws++) >> 40) * (1.0f / 16777216.0f));
}

static int32_t below(int32_t n) { return (int32_t)(cp_hash(20261201, draws++) % (uint64_t)n); }

static void report(const char *stage, const void *bytes, size_t count) {
    const unsigned char *b = bytes;
    uint64_t h = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < count; i++) h = (h ^ b[i]) * 0x100000001b3ULL;
    printf("%-14s %016llx\n", stage, (unsigned long long)h);
}

static float *plane(void) { return calloc((size_t)W * H, sizeof(float)); }

static const cp_torso trunk = {0, -4, 120, 82, 80, 1.15f, -15, 0.04f, 0.05f};

static cp_primitive shape(int first) {
    cp_primitive p = {.kind = below(6), .op = first ? CP_UNION : below(3), .torso = trunk};
    const float q = uniform(-1, 1), s = 1.0f / (1.0f + q * q), c = (1.0f - q * q) * s, d = 2.0f * q * s;
    const float frame[9] = {c, d, 0, -d, c, 0, 0, 0, 1};
    if (first && p.kind == CP_HALFSPACE) p.kind = CP_ELLIPSOID;
    p.blend = below(2) ? uniform(1, 25) : 0;
    memcpy(p.m, frame, sizeof frame);
    for (int a = 0; a < 3; a++) {
        p.c[a] = p.kind == CP_HALFSPACE ? frame[a] : uniform(-80, 80);
        p.b[a] = p.c[a] + uniform(-40, 40);
        p.inv[a] = 1.0f / uniform(1, 60);
        p.lo[a] = -200;
        p.hi[a] = 200;
    }
    p.p[0] = uniform(2, 30);
    p.p[1] = uniform(2, 30);
    if (p.kind == CP_TORSO) p.shell_half = uniform(0, 8);
    return p;
}

static void paint(cp_slice *s) {
    cp_primitive shapes[4 * ORGANS];
    cp_organ organs[ORGANS];
    float values[2 * TISSUES], amplitudes[2 * TISSUES];
    int32_t used = 0;
    for (int i = 0; i < 2 * TISSUES; i++) {
        values[i] = uniform(-200, 400);
        amplitudes[i] = uniform(0, 20);
    }
    for (int n = 0; n < ORGANS; n++) {
        cp_organ o = {.first = used, .count = 1 + below(4), .space = below(4), .clip = below(3), .core = below(TISSUES),
                      .rim = below(TISSUES), .gas = below(TISSUES + 2) - 2, .rim_mm = below(2) ? uniform(0, 4) : 0,
                      .gas_level = uniform(-40, 60), .opacity = uniform(0.4f, 1), .feather_mm = uniform(0, 2),
                      .structure = below(6), .lesion = below(5) / 4, .lo = {-200, -200, -200}, .hi = {200, 200, 200}};
        for (int k = 0; k < o.count; k++) shapes[used++] = shape(k == 0);
        organs[n] = o;
    }
    cp_paint(s, shapes, organs, ORGANS, values, amplitudes, TISSUES);
    cp_segment tubes[64];
    for (int n = 0; n < 64; n++)
        for (int a = 0; a < 3; a++) {
            cp_segment *t = tubes + n;
            t->a[a] = a == 2 ? uniform(-10, 10) : uniform(-60, 60);
            t->b[a] = t->a[a] + uniform(-12, 12);
            t->ra = t->rb = 3;
            t->lo[a] = (t->a[a] < t->b[a] ? t->a[a] : t->b[a]) - 20;
            t->hi[a] = (t->a[a] > t->b[a] ? t->a[a] : t->b[a]) + 20;
        }
    cp_paint_vessels(s, tubes, 64, 1, 2, values, amplitudes, TISSUES);
}

int main(void) {
    const int64_t nodes = cp_lattice_nodes(W, H), tiles = cp_tiles(W, H), cells = 128 * 128 * 128, n = (int64_t)W * H;
    cp_slice s = {.w = W, .h = H, .origin = {160, 140, 3}, .di = {-1.5f, 0.02f, 0.01f}, .dj = {0.02f, -1.5f, 0.03f},
                  .pixel_mm = 1.5f, .modalities = 3};
    s.lattice = calloc((size_t)(9 * nodes + 16), sizeof(float));
    s.tile_box = calloc((size_t)(4 * tiles), sizeof *s.tile_box);
    s.tile_cavity = calloc((size_t)tiles, sizeof *s.tile_cavity);
    for (int m = 0; m < 2; m++) s.value[m] = plane(), s.amplitude[m] = plane();
    s.cavity = plane(), s.liver = plane(), s.vessel = plane(), s.lesion_cover = plane();
    s.structure = calloc((size_t)n, 1), s.vessel_label = calloc((size_t)n, 1), s.lesion_label = calloc((size_t)n, 1);
    float *warp = calloc(32 * 32 * 32 * 4, sizeof(float)), *texture = calloc((size_t)cells, sizeof(float));
    float *scratch = calloc((size_t)(2 * cells), sizeof(float)), *u[3] = {plane(), plane(), plane()};
    int16_t *stored = calloc((size_t)n, sizeof(int16_t));
    cp_vector_table(1, warp);
    cp_texture_table(2, texture, scratch);
    report("tables", texture, (size_t)cells * sizeof(float));
    const cp_motion rest = {2, 0.5f, 0.2f, 60, 90, 140, 0, -50, 40, trunk}, deep = {18, 4, 2, 60, 90, 140, 0, -50, 40, trunk};
    const cp_residual field = {warp, 1.5f, 40};
    cp_coordinates(&s, &deep, &field, warp, 2.4f);
    report("coordinates", s.lattice, (size_t)(9 * nodes) * sizeof(float));
    cp_cavity(&s, &trunk);
    report("cavity", s.cavity, (size_t)n * sizeof(float));
    paint(&s);
    report("structures", s.structure, (size_t)n);
    report("vessels", s.vessel_label, (size_t)n);
    report("lesions", s.lesion_cover, (size_t)n * sizeof(float));
    cp_texture(&s, texture, 1 / 1.15f, 0.75f);
    cp_bias(s.value[1], &s, (const float[8]){0.05f, 0.1f, 0.2f, -0.1f, 0.2f, 0.3f, -0.1f, 0.05f});
    report("ct", s.value[0], (size_t)n * sizeof(float));
    report("mr", s.value[1], (size_t)n * sizeof(float));
    const float taps[5] = {0.06f, 0.24f, 0.4f, 0.24f, 0.06f};
    cp_gaussian_pairs(3, 0, n, u[0], u[1]);
    cp_convolve(u[0], u[2], scratch, W, H, taps, 5, taps, 5);
    cp_store_ct(s.value[0], u[2], u[1], 9, &s, 0, -8, 90, stored);
    report("stored ct", stored, (size_t)n * sizeof(int16_t));
    cp_store_mr(s.value[1], u[0], u[1], 12, n, stored);
    report("stored mr", stored, (size_t)n * sizeof(int16_t));
    cp_store_scaled(s.value[0], 64, n, stored);
    report("stored scaled", stored, (size_t)n * sizeof(int16_t));
    cp_displacement(&s, &deep, &rest, u[0], u[1], u[2], scratch);
    for (int a = 0; a < 3; a++) report("displacement", u[a], (size_t)n * sizeof(float));
    cp_residual_displacement(&s, &field, u[0], u[1], u[2], scratch);
    report("residual", u[2], (size_t)n * sizeof(float));
    return 0;
}
