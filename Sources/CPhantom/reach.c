#include "tile.h"

#pragma STDC FP_CONTRACT OFF

/* Pixel box of a world box that a slice can touch; 0 when it cannot. */
int cp_pixel_box(const cp_slice *s, const float *lo, const float *hi, float margin, int32_t *box) {
    float di2 = 0, dj2 = 0, normal[3];
    for (int a = 0; a < 3; a++) {
        di2 += s->di[a] * s->di[a];
        dj2 += s->dj[a] * s->dj[a];
    }
    normal[0] = s->di[1] * s->dj[2] - s->di[2] * s->dj[1];
    normal[1] = s->di[2] * s->dj[0] - s->di[0] * s->dj[2];
    normal[2] = s->di[0] * s->dj[1] - s->di[1] * s->dj[0];
    float length = __builtin_sqrtf(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]);
    float i0 = 1e9f, i1 = -1e9f, j0 = 1e9f, j1 = -1e9f, k0 = 1e9f, k1 = -1e9f;
    for (int c = 0; c < 8; c++) {
        float p[3], i = 0, j = 0, k = 0;
        p[0] = (c & 1 ? hi[0] : lo[0]) - s->origin[0];
        p[1] = (c & 2 ? hi[1] : lo[1]) - s->origin[1];
        p[2] = (c & 4 ? hi[2] : lo[2]) - s->origin[2];
        for (int a = 0; a < 3; a++) {
            i += p[a] * s->di[a];
            j += p[a] * s->dj[a];
            k += p[a] * normal[a];
        }
        i /= di2;
        j /= dj2;
        k /= length;
        i0 = i < i0 ? i : i0;
        i1 = i > i1 ? i : i1;
        j0 = j < j0 ? j : j0;
        j1 = j > j1 ? j : j1;
        k0 = k < k0 ? k : k0;
        k1 = k > k1 ? k : k1;
    }
    if (k0 > margin || k1 < -margin) return 0;
    float e = margin / s->pixel_mm + 1.0f;
    i0 -= e;
    j0 -= e;
    i1 += e;
    j1 += e;
    if (i1 < 0 || j1 < 0 || i0 > (float)(s->w - 1) || j0 > (float)(s->h - 1)) return 0;
    box[0] = i0 < 0 ? 0 : (int32_t)i0;
    box[1] = i1 > (float)(s->w - 1) ? s->w : (int32_t)i1 + 1;
    box[2] = j0 < 0 ? 0 : (int32_t)j0;
    box[3] = j1 > (float)(s->h - 1) ? s->h : (int32_t)j1 + 1;
    return box[1] > box[0] && box[3] > box[2];
}

/* The same for a box in coordinates that lie between `ahead` and `back` mm from the place in the scanner. */
int cp_shifted_box(const cp_slice *s, const float *lo, const float *hi, const float *back, const float *ahead,
                       float margin, int32_t *box) {
    float low[3], high[3];
    for (int a = 0; a < 3; a++) {
        low[a] = lo[a] - back[a];
        high[a] = hi[a] - ahead[a];
    }
    return cp_pixel_box(s, low, high, margin, box);
}
