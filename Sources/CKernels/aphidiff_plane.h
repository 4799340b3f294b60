/* Means over boxes of a plane, and where the body lies in it. */
#ifndef APHIDIFF_PLANE_H
#define APHIDIFF_PLANE_H

#pragma STDC FP_CONTRACT OFF
#include <math.h>
#include <stdint.h>

/* Means over 2 * radius + 1 values along a row, then along a column: sums in order, divided by the number inside. */
static inline __attribute__((always_inline)) void box_rows(const float *in, int height, int width, int radius, float *out) {
    for (int y = 0; y < height; y++) {
        const float *row = in + (int64_t)y * width;
        float *to = out + (int64_t)y * width;
        for (int x = 0; x < width; x++) {
            if (x == radius && width > 2 * radius) {
                /* The middle: every window is whole. */
                const int end = width - radius;
                for (int i = x; i < end; i++) to[i] = 0;
                for (int d = -radius; d <= radius; d++)
                    for (int i = x; i < end; i++) to[i] += row[i + d];
                for (int i = x; i < end; i++) to[i] /= (float)(2 * radius + 1);
                x = end;
                if (x >= width) break;
            }
            const int low = x - radius > 0 ? x - radius : 0, high = x + radius < width - 1 ? x + radius : width - 1;
            float sum = 0;
            for (int i = low; i <= high; i++) sum += row[i];
            to[x] = sum / (float)(high - low + 1);
        }
    }
}

static inline __attribute__((always_inline)) void box_columns(const float *in, int height, int width, int radius, float *out) {
    for (int y = 0; y < height; y++) {
        const int low = y - radius > 0 ? y - radius : 0, high = y + radius < height - 1 ? y + radius : height - 1;
        float *to = out + (int64_t)y * width;
        for (int x = 0; x < width; x++) to[x] = 0;
        for (int i = low; i <= high; i++)
            for (int x = 0; x < width; x++) to[x] += in[(int64_t)i * width + x];
        for (int x = 0; x < width; x++) to[x] /= (float)(high - low + 1);
    }
}

/* Mean and standard deviation of the rows and columns of the pixels above a threshold. */
static inline void body_place(const float *mean, int height, int width, float threshold, float centre[2], float spread[2]) {
    double count = 0, sum[2] = {0}, square[2] = {0};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (mean[(int64_t)y * width + x] > threshold) {
                /* Whole numbers far below 2^53: exact in any order. */
                count += 1;
                sum[0] += y;
                sum[1] += x;
                square[0] += (double)y * y;
                square[1] += (double)x * x;
            }
    const int size[2] = {height, width};
    for (int axis = 0; axis < 2; axis++) {
        const double mu = count > 0 ? sum[axis] / count : (size[axis] - 1) / 2.0;
        const double variance = count > 0 ? square[axis] / count - mu * mu : size[axis] / 4.0 * (size[axis] / 4.0);
        centre[axis] = (float)mu;
        spread[axis] = (float)sqrt(variance > 0 ? variance : 0);
        spread[axis] = spread[axis] > 1 ? spread[axis] : 1;
    }
}

#endif
