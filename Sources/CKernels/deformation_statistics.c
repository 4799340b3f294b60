#pragma STDC FP_CONTRACT OFF
#include "ck_deformation.h"

#include <math.h>

static void swap(double *a, double *b) {
    double t = *a;
    *a = *b;
    *b = t;
}

/* Moves the value of rank k to its sorted place: smaller ones before it, larger ones behind (Hoare's selection). */
static void select_rank(double *v, int64_t n, int64_t k) {
    int64_t low = 0, high = n - 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (v[middle] < v[low]) swap(&v[middle], &v[low]);
        if (v[high] < v[low]) swap(&v[high], &v[low]);
        if (v[high] < v[middle]) swap(&v[high], &v[middle]);
        double pivot = v[middle];
        int64_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i <= j) swap(&v[i++], &v[j--]);
        }
        if (k <= j) {
            high = j;
        } else if (k >= i) {
            low = i;
        } else {
            return;
        }
    }
}

/* Linear interpolation between order statistics, type 7 of Hyndman and Fan. */
static double quantile(double *v, int64_t n, double p) {
    double h = (double)(n - 1) * p;
    int64_t k = (int64_t)floor(h);
    select_rank(v, n, k);
    double lower = v[k];
    if (k + 1 >= n) return lower;
    double upper = v[k + 1];
    for (int64_t i = k + 2; i < n; i++)
        if (v[i] < upper) upper = v[i];
    return lower + (h - (double)k) * (upper - lower);
}

void ck_describe(double *values, int64_t n, ck_statistics *result) {
    double sum = 0, squares = 0, max = values[0];
    for (int64_t i = 0; i < n; i++) {
        sum += values[i];
        squares += values[i] * values[i];
        if (values[i] > max) max = values[i];
    }
    double mean = sum / (double)n, deviations = 0;
    for (int64_t i = 0; i < n; i++) deviations += (values[i] - mean) * (values[i] - mean);
    result->mean = mean;
    result->sd = sqrt(deviations / (double)n);
    result->rms = sqrt(squares / (double)n);
    result->median = quantile(values, n, 0.5);
    result->p95 = quantile(values, n, 0.95);
    result->max = max;
}
