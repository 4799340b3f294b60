#pragma STDC FP_CONTRACT OFF
#include "ck_aphidiff_volume.h"

#include <math.h>

#include "aphidiff_math.h"
#include "aphidiff_plane.h"

static inline __attribute__((always_inline)) float between(float x, float low, float high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

static inline __attribute__((always_inline)) float piecewise(float x, const float *from, const float *to, const float *slope, int knots) {
    float y = to[0];
    for (int n = 0; n + 1 < knots; n++) y += (between(x, from[n], from[n + 1]) - from[n]) * slope[n];
    return y;
}

enum { MAXIMUM_KNOTS = 16 };

typedef struct {
    float from[MAXIMUM_KNOTS], to[MAXIMUM_KNOTS], slope[MAXIMUM_KNOTS];
} line_t;

/* Slopes come from the knots as they were written, not as they are rounded here. */
static line_t line_of(const double *from, const double *to, int knots) {
    line_t line;
    for (int n = 0; n < knots; n++) {
        line.from[n] = (float)from[n];
        line.to[n] = (float)to[n];
        line.slope[n] = n + 1 < knots ? (float)((to[n + 1] - to[n]) / (from[n + 1] - from[n])) : 0;
    }
    return line;
}

CK_CLONES
void ck_encode(const float *x, int64_t count, const double *from, const double *to, int knots, float divisor, float *out) {
    if (knots > MAXIMUM_KNOTS) return;
    const line_t line = line_of(from, to, knots);
    for (int64_t i = 0; i < count; i++) out[i] = piecewise(x[i] / divisor, line.from, line.to, line.slope, knots);
}

CK_CLONES
void ck_decode(const float *x, int64_t count, const double *from, const double *to, int knots, float factor, float *out) {
    if (knots > MAXIMUM_KNOTS) return;
    const line_t line = line_of(from, to, knots);
    for (int64_t i = 0; i < count; i++) out[i] = piecewise(x[i], line.from, line.to, line.slope, knots) * factor;
}

static inline __attribute__((always_inline)) float position(float x, float first, float rate, float last) {
    return between((x - first) * rate, 0, last);
}

/* Value of a table at fractional nodes, trilinear; the last axis is the fastest. */
static inline __attribute__((always_inline)) float table_at(
    const float *table, const int nodes[3], float p0, float p1, float p2) {
    const int step1 = nodes[2], step0 = nodes[1] * nodes[2];
    int n0 = (int)p0, n1 = (int)p1, n2 = (int)p2;
    n0 = n0 < nodes[0] - 2 ? n0 : nodes[0] - 2;
    n1 = n1 < nodes[1] - 2 ? n1 : nodes[1] - 2;
    n2 = n2 < nodes[2] - 2 ? n2 : nodes[2] - 2;
    const float f0 = p0 - (float)n0, f1 = p1 - (float)n1, f2 = p2 - (float)n2;
    const float *t = table + n0 * step0 + n1 * step1 + n2, *u = t + step0;
    const float c00 = t[0] + f2 * (t[1] - t[0]), c01 = t[step1] + f2 * (t[step1 + 1] - t[step1]);
    const float c10 = u[0] + f2 * (u[1] - u[0]), c11 = u[step1] + f2 * (u[step1 + 1] - u[step1]);
    const float d0 = c00 + f1 * (c01 - c00), d1 = c10 + f1 * (c11 - c10);
    return d0 + f0 * (d1 - d0);
}

CK_CLONES
void ck_conditional_mean(
    const float *const slices[3], int height, int width, int radius, const float *table, const ck_axis_t axes[3], float *work,
    float *out) {
    const int64_t count = (int64_t)height * width;
    float *mean = work, *square = work + count, *rows = work + 2 * count, *spare = work + 3 * count;
    for (int64_t i = 0; i < count; i++) {
        const float a = slices[0][i], b = slices[1][i], c = slices[2][i];
        mean[i] = ((a + b) + c) / 3.0f;
        square[i] = ((a * a + b * b) + c * c) / 3.0f;
    }
    box_rows(mean, height, width, radius, rows);
    box_columns(rows, height, width, radius, mean);
    box_rows(square, height, width, radius, rows);
    box_columns(rows, height, width, radius, square);
    for (int64_t i = 0; i < count; i++) {
        const float variance = square[i] - mean[i] * mean[i];
        spare[i] = sqrtf(variance > 0 ? variance : 0);
    }
    float rate[3], last[3];
    for (int a = 0; a < 3; a++) {
        last[a] = (float)(axes[a].nodes - 1);
        rate[a] = (float)((axes[a].nodes - 1) / (axes[a].last - axes[a].first));
    }
    const int nodes[3] = {axes[0].nodes, axes[1].nodes, axes[2].nodes};
    const float *x = slices[1];
    for (int64_t i = 0; i < count; i++)
        out[i] = table_at(
            table, nodes, position(x[i], (float)axes[0].first, rate[0], last[0]), position(mean[i], (float)axes[1].first, rate[1], last[1]),
            position(spare[i], (float)axes[2].first, rate[2], last[2]));
}

CK_CLONES
void ck_refine_mean(
    float *image, const float *local_mean, int height, int width, const int radii[2], float threshold, const float *tables,
    int64_t stage_size, float *work) {
    static const int near_nodes[3] = {48, 16, 12}, place_nodes[3] = {48, 16, 16};
    const int64_t count = (int64_t)height * width;
    float *small = work, *large = work + count, *rows = work + 2 * count;
    const float rate = (float)(47 / 4.2), small_rate = (float)(15 / 4.2), large_rate = (float)(11 / 3.2);
    const float place_rate = (float)(15 / 4.8);
    float centre[2], spread[2];
    body_place(local_mean, height, width, threshold, centre, spread);
    for (int stage = 0; stage < 4; stage++) {
        const float *table = tables + stage * stage_size;
        if (stage % 2 == 0) {
            box_rows(image, height, width, radii[0], rows);
            box_columns(rows, height, width, radii[0], small);
            box_rows(image, height, width, radii[1], rows);
            box_columns(rows, height, width, radii[1], large);
            for (int64_t i = 0; i < count; i++) {
                const float change = table_at(
                    table, near_nodes, position(image[i], -2, rate, 47), position(small[i], -2, small_rate, 15),
                    position(large[i], -2, large_rate, 11));
                image[i] = between(image[i] + change, -2, 2.2f);
            }
            continue;
        }
        for (int y = 0; y < height; y++) {
            const float row = position(((float)y - centre[0]) / spread[0], -2.4f, place_rate, 15);
            float *line = image + (int64_t)y * width;
            for (int x = 0; x < width; x++) {
                const float column = position(((float)x - centre[1]) / spread[1], -2.4f, place_rate, 15);
                const float change = table_at(table, place_nodes, position(line[x], -2, rate, 47), row, column);
                line[x] = between(line[x] + change, -2, 2.2f);
            }
        }
    }
}

/* Lower neighbour, upper neighbour and fraction of a position, clamped to [0, count - 1]; 0 when it lies outside by more than half. */
static int neighbours(double at, int count, int *low, int *high, float *fraction) {
    if (!(at >= -0.5 && at <= count - 0.5)) return 0;
    at = at < 0 ? 0 : at > count - 1 ? count - 1 : at;
    *low = (int)at;
    *high = *low + 1 < count ? *low + 1 : *low;
    *fraction = (float)(at - *low);
    return 1;
}

void ck_resample_plane(
    const float *in, int height, int width, const double step[2], const double origin[2], float outside, float *out,
    int out_height, int out_width) {
    for (int y = 0; y < out_height; y++) {
        int y0 = 0, y1 = 0;
        float fy = 0;
        const int inside = neighbours(y * step[0] + origin[0], height, &y0, &y1, &fy);
        const float *a = in + (int64_t)y0 * width, *b = in + (int64_t)y1 * width;
        for (int x = 0; x < out_width; x++) {
            int x0 = 0, x1 = 0;
            float fx = 0;
            float *to = out + (int64_t)y * out_width + x;
            if (!inside || !neighbours(x * step[1] + origin[1], width, &x0, &x1, &fx)) {
                *to = outside;
                continue;
            }
            const float top = a[x0] + fx * (a[x1] - a[x0]), bottom = b[x0] + fx * (b[x1] - b[x0]);
            *to = top + fy * (bottom - top);
        }
    }
}

static inline float logit_at(const float *logits, int width, int classes, int class, int y, int x) {
    return logits[((int64_t)(y / 2) * width + x / 2) * 4 * classes + 4 * class + 2 * (y % 2) + x % 2];
}

void ck_classify_plane(
    const float *logits, int height, int width, int classes, const double step[2], const double origin[2], uint8_t *out,
    float *margins, int out_height, int out_width) {
    for (int y = 0; y < out_height; y++) {
        int y0 = 0, y1 = 0;
        float fy = 0;
        const int inside = neighbours(y * step[0] + origin[0], 2 * height, &y0, &y1, &fy);
        for (int x = 0; x < out_width; x++) {
            int x0 = 0, x1 = 0;
            float fx = 0;
            uint8_t *to = out + (int64_t)y * out_width + x;
            float *values = margins + ((int64_t)y * out_width + x) * classes;
            *to = 0;
            if (!inside || !neighbours(x * step[1] + origin[1], 2 * width, &x0, &x1, &fx)) {
                for (int class = 0; class < classes; class++) values[class] = -INFINITY;
                continue;
            }
            float best = -INFINITY, second = -INFINITY;
            for (int class = 0; class < classes; class++) {
                const float a = logit_at(logits, width, classes, class, y0, x0), b = logit_at(logits, width, classes, class, y0, x1);
                const float c = logit_at(logits, width, classes, class, y1, x0), d = logit_at(logits, width, classes, class, y1, x1);
                const float top = a + fx * (b - a), bottom = c + fx * (d - c), value = top + fy * (bottom - top);
                values[class] = value;
                if (value > best) {
                    second = best;
                    best = value;
                    *to = (uint8_t)class;
                } else if (value > second) {
                    second = value;
                }
            }
            for (int class = 0; class < classes; class++) values[class] -= class == *to ? second : best;
        }
    }
}
