#include "distance.h"
#include "tile.h"

#pragma STDC FP_CONTRACT OFF

CP_CLONES
void cp_paint_vessels(cp_slice *s, const cp_segment *segments, int64_t count, int32_t tissue, int32_t label,
                      const float *values, const float *amplitudes, int32_t tissues) {
    const float inverse = 1.0f / s->pixel_mm;
    const int32_t tw = tiles_along_i(s->w);
    float d[CP_TILE_W], at[3 * TILE_PIXELS];
    int32_t known = -1;    /* segments follow each other: the next one often lies in the same tile */
    /* The scratch plane is zero on entry and on return. */
    for (int64_t k = 0; k < count; k++) {
        const cp_segment *g = segments + k;
        int32_t box[4];
        if (!cp_pixel_box(s, g->lo, g->hi, 0.75f, box)) continue;
        for (int32_t j0 = box[2] / CP_TILE_H * CP_TILE_H; j0 < box[3]; j0 += CP_TILE_H)
            for (int32_t i0 = box[0] / CP_TILE_W * CP_TILE_W; i0 < box[1]; i0 += CP_TILE_W) {
                const int32_t tile = j0 / CP_TILE_H * tw + i0 / CP_TILE_W;
                if (tile != known) cp_tile_coordinates(s, CP_MOVING, i0, j0, at);
                known = tile;
                const int32_t from = i0 > box[0] ? i0 : box[0], end = i0 + CP_TILE_W < box[1] ? i0 + CP_TILE_W : box[1];
                const int32_t last = j0 + CP_TILE_H < box[3] ? j0 + CP_TILE_H : box[3], n = end - from;
                for (int32_t j = j0 > box[2] ? j0 : box[2]; j < last; j++) {
                    const float *x = at + (j - j0) * CP_TILE_W + from - i0;
                    float *restrict out = s->vessel + (int64_t)j * s->w + from;
                    capsule(g->a, g->b, g->ra, g->rb, x, x + TILE_PIXELS, x + 2 * TILE_PIXELS, n, d);
                    CP_LOOP {
                        float a = clamp01(0.5f - d[i] * inverse);
                        out[i] = a > out[i] ? a : out[i];
                    }
                }
            }
    }
    for (int64_t k = 0; k < count; k++) {
        const cp_segment *g = segments + k;
        int32_t box[4];
        if (!cp_pixel_box(s, g->lo, g->hi, 0.75f, box)) continue;
        for (int32_t j = box[2]; j < box[3]; j++) {
            int64_t at = (int64_t)j * s->w + box[0];
            int32_t n = box[1] - box[0];
            float *a = s->vessel + at, *liver = s->liver + at;
            uint8_t *out = s->vessel_label + at;
            for (int m = 0; m < 2; m++) {
                if (!(s->modalities >> m & 1)) continue;
                const float v = values[m * tissues + tissue], t = amplitudes[m * tissues + tissue];
                float *val = s->value[m] + at, *amp = s->amplitude[m] + at;
                CP_LOOP {
                    float c = a[i] < liver[i] ? a[i] : liver[i];
                    val[i] += c * (v - val[i]);
                    amp[i] += c * (t - amp[i]);
                }
            }
            CP_LOOP {
                float c = a[i] < liver[i] ? a[i] : liver[i];
                out[i] = c >= 0.5f ? (uint8_t)label : out[i];
                a[i] = 0.0f; /* painted once, although boxes overlap */
            }
        }
    }
}
