#pragma STDC FP_CONTRACT OFF
#include "ck_surface.h"

#include <math.h>

/* Triangulating the cell around a corner by marching cubes gives triangles of few shapes. With edges a, b, c the
   triangles of one cell add up to
     corners * |(bc, ca, ab)| / 8  +  sum over axes of  bevels * |two components| / 4  +  faces * one component / 2.
   Fourteen arrangements of the eight voxels stand for all 256: the others are their mirror images, rotations and
   complements, which have the same area with the axes exchanged. Source of the element form: Nikolov et al. 2021,
   doi:10.2196/26151; the areas are those of its published tool. */
typedef struct {
    uint8_t code;    /* bit dx + 2 dy + 4 dz */
    uint8_t corners;
    uint8_t bevels[3]; /* by the axis that the triangle runs along */
    uint8_t faces[3];  /* by the axis that the triangle faces */
} arrangement_t;

static const arrangement_t arrangements[] = {
    {0x00, 0, {0, 0, 0}, {0, 0, 0}}, {0x01, 1, {0, 0, 0}, {0, 0, 0}}, {0x03, 0, {2, 0, 0}, {0, 0, 0}},
    {0x06, 2, {0, 0, 0}, {0, 0, 0}}, {0x07, 3, {0, 0, 0}, {0, 0, 1}}, {0x0f, 0, {0, 0, 0}, {0, 0, 2}},
    {0x16, 3, {0, 0, 0}, {0, 0, 0}}, {0x17, 6, {0, 0, 0}, {0, 0, 0}}, {0x18, 2, {0, 0, 0}, {0, 0, 0}},
    {0x19, 1, {0, 0, 2}, {0, 0, 0}}, {0x1b, 4, {0, 1, 1}, {0, 0, 0}}, {0x1e, 4, {0, 0, 0}, {0, 0, 1}},
    {0x3c, 0, {4, 0, 0}, {0, 0, 0}}, {0x69, 4, {0, 0, 0}, {0, 0, 0}},
};

static const int permutations[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

void ck_surfel_areas(const double *spacing_mm, double areas[256]) {
    double component[3], bevel[3];
    for (int axis = 0; axis < 3; axis++) component[axis] = spacing_mm[(axis + 1) % 3] * spacing_mm[(axis + 2) % 3];
    for (int axis = 0; axis < 3; axis++) {
        const double p = component[(axis + 1) % 3], q = component[(axis + 2) % 3];
        bevel[axis] = sqrt(p * p + q * q) / 4;
    }
    const double corner = sqrt(component[0] * component[0] + component[1] * component[1] + component[2] * component[2]) / 8;

    for (size_t form = 0; form < sizeof arrangements / sizeof *arrangements; form++) {
        const arrangement_t *a = &arrangements[form];
        for (int order = 0; order < 6; order++) {
            const int *axes = permutations[order];
            double area = a->corners * corner;
            for (int axis = 0; axis < 3; axis++) {
                area += a->bevels[axes[axis]] * bevel[axis] + a->faces[axes[axis]] * component[axis] / 2;
            }
            for (int mirror = 0; mirror < 8; mirror++) {
                unsigned code = 0;
                for (int bit = 0; bit < 8; bit++) {
                    if (!(a->code >> bit & 1)) continue;
                    int image = 0;
                    for (int axis = 0; axis < 3; axis++) image |= ((bit >> axes[axis] & 1) ^ (mirror >> axis & 1)) << axis;
                    code |= 1u << image;
                }
                areas[code] = area;
                areas[255 - code] = area;
            }
        }
    }
}
