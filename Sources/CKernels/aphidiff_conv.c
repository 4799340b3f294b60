#pragma STDC FP_CONTRACT OFF
#include "ck_aphidiff.h"

#include <stdlib.h>
#include <string.h>

#include "aphidiff_gemm.h"

/* F(3×3, 3×3) with the points 0, 1, -1, 2 and infinity, scaled to whole numbers: with
     B^T = [2 -1 -2 1 0; 0 -2 -1 1 0; 0 2 -3 1 0; 0 -1 0 1 0; 0 2 -1 -2 1]
     G   = [3 0 0; -3 -3 -3; -1 1 -1; 1 2 4; 0 0 6]              (six times the usual G)
     A^T = [1 1 1 1 0; 0 1 -1 2 0; 0 1 1 4 1]
   A^T [(G g G^T) * (B^T d B)] A is 36 times the 3×3 outputs of a 5×5 patch. |B^T d B| <= 36 * 255 and |G g G^T| <= 81 * 128 fit 16 bits.
   Sums over channels may wrap: they are taken modulo 2^32, and 36 * (the true sum) fits, which ck_conv_create checks.
   25 products instead of 81 for 9 outputs (Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray, CVPR 2016). */

enum { POINTS = 5, PRODUCTS = 25, TILE = 3, LANES = 16 };

/* Small weights stay in the caches: a block of tiles is as large as the second-level cache bears, and all its positions are computed for 16
   outputs after the other. Large weights are read once a block: blocks are as large as is useful, and one position after the other is
   computed for all outputs, so that its values stay near. */
enum { BLOCK_BYTES = 192 * 1024, LARGE_WEIGHTS = 4 << 20, MAXIMUM_ROWS = 96, LARGE_ROWS = 48 };

struct ck_conv {
    int outputs, inputs, kernel, minimal, large;
    int groups; /* of 16 outputs */
    int rows;   /* of a block */
    int64_t group_step, position_step; /* in packed weights */
    int16_t *packed;
    size_t packed_bytes;
};

typedef int16_t short_lanes_t __attribute__((vector_size(32), aligned(32), may_alias));
typedef uint32_t word_lanes_t __attribute__((vector_size(32), aligned(32), may_alias));
typedef int32_t int_lanes_t __attribute__((vector_size(32), aligned(4), may_alias));
typedef float float_lanes_t __attribute__((vector_size(32), aligned(4), may_alias));

static int positions(const ck_conv_t *conv) { return conv->minimal ? PRODUCTS : conv->kernel * conv->kernel; }

static void transform_filter(const int8_t *g, int step, int16_t *out) {
    int half[POINTS][3];
    for (int x = 0; x < 3; x++) {
        const int a = g[x * step], b = g[(3 + x) * step], c = g[(6 + x) * step];
        half[0][x] = 3 * a;
        half[1][x] = -3 * (a + b + c);
        half[2][x] = -a + b - c;
        half[3][x] = a + 2 * b + 4 * c;
        half[4][x] = 6 * c;
    }
    for (int y = 0; y < POINTS; y++) {
        const int a = half[y][0], b = half[y][1], c = half[y][2];
        out[y * POINTS + 0] = (int16_t)(3 * a);
        out[y * POINTS + 1] = (int16_t)(-3 * (a + b + c));
        out[y * POINTS + 2] = (int16_t)(-a + b - c);
        out[y * POINTS + 3] = (int16_t)(a + 2 * b + 4 * c);
        out[y * POINTS + 4] = (int16_t)(6 * c);
    }
}

/* Packs two inputs of a group of 16 outputs: for each group and position, pairs of inputs × 16 outputs × 2. */
static void pack_pair(ck_conv_t *conv, const int8_t *weights, int group, int input, int outputs) {
    const int taps = conv->kernel * conv->kernel, inputs = conv->inputs;
    int16_t *to = conv->packed + group * conv->group_step + (int64_t)input * LANES;
    for (int o = 0; o < outputs; o++)
        for (int second = 0; second < 2; second++) {
            const int8_t *w = weights + ((int64_t)(group * LANES + o) * taps) * inputs + input + second;
            int16_t transformed[PRODUCTS];
            if (conv->minimal)
                transform_filter(w, inputs, transformed);
            else
                for (int tap = 0; tap < taps; tap++) transformed[tap] = w[(int64_t)tap * inputs];
            for (int position = 0; position < positions(conv); position++)
                to[position * conv->position_step + 2 * o + second] = transformed[position];
        }
}

ck_conv_t *ck_conv_create(const int8_t *weights, int outputs, int inputs, int kernel) {
    if (inputs % LANES || outputs < 1 || (kernel != 1 && kernel != 3)) return NULL;
    ck_conv_t *conv = calloc(1, sizeof *conv);
    if (!conv) return NULL;
    const int taps = kernel * kernel;
    conv->outputs = outputs;
    conv->inputs = inputs;
    conv->kernel = kernel;
    conv->groups = (outputs + LANES - 1) / LANES;
    conv->minimal = kernel == 3;
    for (int o = 0; o < outputs && conv->minimal; o++) {
        int64_t sum = 0;
        const int8_t *w = weights + (int64_t)o * taps * inputs;
        for (int64_t i = 0; i < (int64_t)taps * inputs; i++) sum += abs(w[i]);
        conv->minimal = sum * 255 * 36 < INT32_MAX;
    }
    const int64_t bytes_per_row = 2 * (int64_t)positions(conv) * inputs + 4 * (int64_t)positions(conv) * LANES;
    int64_t rows = BLOCK_BYTES / bytes_per_row / CK_GEMM_ROWS * CK_GEMM_ROWS;
    if (rows < 2 * CK_GEMM_ROWS) rows = 2 * CK_GEMM_ROWS;
    if (rows > MAXIMUM_ROWS) rows = MAXIMUM_ROWS;
    const int64_t panel = (int64_t)inputs * LANES;
    conv->packed_bytes = sizeof(int16_t) * (size_t)(panel * positions(conv) * conv->groups);
    conv->large = conv->minimal && conv->packed_bytes > LARGE_WEIGHTS;
    conv->rows = conv->large ? LARGE_ROWS : (int)rows;
    conv->group_step = conv->large ? panel : panel * positions(conv);
    conv->position_step = conv->large ? panel * conv->groups : panel;
    void *packed = NULL;
    if (posix_memalign(&packed, 64, conv->packed_bytes) != 0) {
        free(conv);
        return NULL;
    }
    conv->packed = packed;
    memset(packed, 0, conv->packed_bytes);
    for (int group = 0; group < conv->groups; group++)
        for (int i = 0; i < inputs; i += 2)
            pack_pair(conv, weights, group, i, outputs - group * LANES < LANES ? outputs - group * LANES : LANES);
    return conv;
}

void ck_conv_destroy(ck_conv_t *conv) {
    if (!conv) return;
    free(conv->packed);
    free(conv);
}

int ck_conv_is_minimal(const ck_conv_t *conv) { return conv->minimal; }
size_t ck_conv_packed_bytes(const ck_conv_t *conv) { return conv->packed_bytes; }

static size_t image_bytes(const ck_conv_t *conv) {
    return sizeof(int16_t) * (size_t)positions(conv) * (size_t)conv->rows * (size_t)conv->inputs;
}

/* Sums of one group of outputs. */
static int64_t sums_of_group(const ck_conv_t *conv) { return (int64_t)PRODUCTS * conv->rows * LANES; }

static size_t sum_bytes(const ck_conv_t *conv) {
    return sizeof(int32_t) * (size_t)sums_of_group(conv) * (size_t)(conv->large ? conv->groups : 1);
}

size_t ck_conv_scratch_bytes(const ck_conv_t *conv) {
    return image_bytes(conv) + sum_bytes(conv) + 64 + (size_t)conv->inputs;
}

typedef struct {
    const ck_conv_t *conv;
    const uint8_t *source;
    int images, height, width, zero;
    const ck_epilogue_t *epilogue;
    int16_t *values;       /* position × row × input */
    int32_t *sums;         /* position × row × 16 */
    const uint8_t *blank;  /* one pixel of zeros */
    int tiles_x, tiles_y;
} job_t;

/* ---- Minimal filtering ---- */

#define BYTES(p) __builtin_convertvector(*(const byte_lanes_t *)(p), short_lanes_t)
typedef uint8_t byte_lanes_t __attribute__((vector_size(16), aligned(1), may_alias));

/* B^T of five vectors. */
#define TRANSFORM_INPUT(d0, d1, d2, d3, d4, o0, o1, o2, o3, o4) \
    do {                                                        \
        o0 = 2 * (d0 - d2) + (d3 - d1);                         \
        o1 = d3 - d2 - 2 * d1;                                  \
        o2 = 2 * d1 - 3 * d2 + d3;                              \
        o3 = d3 - d1;                                           \
        o4 = 2 * (d1 - d3) + (d4 - d2);                         \
    } while (0)

CK_CLONES
static void transform_tiles(const job_t *job, int64_t first, int count) {
    const ck_conv_t *conv = job->conv;
    const int inputs = conv->inputs, bordered_width = job->width + 2, bordered_height = job->height + 2;
    const int64_t plane = (int64_t)conv->rows * inputs;
    const short_lanes_t zero = (short_lanes_t){0} + (int16_t)job->zero;
    for (int t = 0; t < count; t++) {
        const int64_t tile = first + t;
        const int image = (int)(tile / (job->tiles_x * job->tiles_y)), in_image = (int)(tile % (job->tiles_x * job->tiles_y));
        const int y0 = in_image / job->tiles_x * TILE, x0 = in_image % job->tiles_x * TILE;
        const uint8_t *pixel[PRODUCTS];
        for (int y = 0; y < POINTS; y++)
            for (int x = 0; x < POINTS; x++) {
                const int inside = y0 + y < bordered_height && x0 + x < bordered_width;
                const int64_t at = ((int64_t)image * bordered_height + y0 + y) * bordered_width + x0 + x;
                pixel[y * POINTS + x] = inside ? job->source + at * inputs : job->blank;
            }
        int16_t *out = job->values + (int64_t)t * inputs;
        for (int c = 0; c < inputs; c += LANES) {
            short_lanes_t half[POINTS][POINTS];
            for (int x = 0; x < POINTS; x++) {
                short_lanes_t d[POINTS];
                for (int y = 0; y < POINTS; y++) d[y] = BYTES(pixel[y * POINTS + x] + c) - zero;
                TRANSFORM_INPUT(d[0], d[1], d[2], d[3], d[4], half[0][x], half[1][x], half[2][x], half[3][x], half[4][x]);
            }
            for (int y = 0; y < POINTS; y++) {
                short_lanes_t o[POINTS];
                TRANSFORM_INPUT(half[y][0], half[y][1], half[y][2], half[y][3], half[y][4], o[0], o[1], o[2], o[3], o[4]);
                for (int x = 0; x < POINTS; x++) *(short_lanes_t *)(out + (y * POINTS + x) * plane + c) = o[x];
            }
        }
    }
}

/* A^T of five vectors. */
#define TRANSFORM_OUTPUT(m0, m1, m2, m3, m4, o0, o1, o2) \
    do {                                                 \
        const word_lanes_t s = m1 + m2;                  \
        o0 = m0 + s + m3;                                \
        o1 = m1 - m2 + 2 * m3;                           \
        o2 = s + 4 * m3 + m4;                            \
    } while (0)

/* x / 36 for multiples of 36: 9 has an inverse modulo 2^32. */
#define THIRTY_SIXTH(x) ((int_lanes_t)((x) * 0x38E38E39u) >> 2)

/* Eight channels of one pixel; `lanes` of them exist. A macro, because functions that take vectors have no portable calling convention. */
#define FINISH(e, sums, to, scale, bias, lanes)                                                            \
    do {                                                                                                   \
        float_lanes_t y_ = __builtin_convertvector(sums, float_lanes_t) * (scale) + (bias);                \
        if ((lanes) >= 8) {                                                                                \
            if ((e)->residual) y_ = (e)->keep * *(const float_lanes_t *)((e)->residual + (to)) + y_;       \
            *(float_lanes_t *)((e)->out + (to)) = y_;                                                      \
        } else                                                                                             \
            for (int c_ = 0; c_ < (lanes); c_++)                                                           \
                (e)->out[(to) + c_] = (e)->residual ? (e)->keep * (e)->residual[(to) + c_] + y_[c_] : y_[c_]; \
    } while (0)

/* Eight channels of a table that may end earlier. */
#define TABLE(table, at, lanes, into)                                            \
    do {                                                                         \
        for (int c_ = 0; c_ < 8; c_++) into[c_] = c_ < (lanes) ? (table)[(at) + c_] : 0; \
    } while (0)

CK_CLONES
static void restore_tiles(const job_t *job, int64_t first, int count, int group) {
    const ck_conv_t *conv = job->conv;
    const ck_epilogue_t end = *job->epilogue;
    const int64_t plane = (int64_t)conv->rows * LANES;
    const int channels = conv->outputs, tiles = job->tiles_x * job->tiles_y;
    for (int half = 0; half < LANES; half += 8) {
        const int at = group * LANES + half, lanes = channels - at;
        if (lanes <= 0) return;
        float_lanes_t scale, bias;
        TABLE(end.scale, at, lanes, scale);
        TABLE(end.bias, at, lanes, bias);
        for (int t = 0; t < count; t++) {
            const int64_t tile = first + t;
            const int image = (int)(tile / tiles), in_image = (int)(tile % tiles);
            const int y0 = in_image / job->tiles_x * TILE, x0 = in_image % job->tiles_x * TILE;
            const int32_t *m = job->sums + (int64_t)t * LANES + half;
            word_lanes_t columns[TILE][POINTS];
            for (int x = 0; x < POINTS; x++) {
                word_lanes_t d[POINTS];
                for (int y = 0; y < POINTS; y++) d[y] = *(const word_lanes_t *)(m + (y * POINTS + x) * plane);
                TRANSFORM_OUTPUT(d[0], d[1], d[2], d[3], d[4], columns[0][x], columns[1][x], columns[2][x]);
            }
            for (int y = 0; y < TILE && y0 + y < job->height; y++) {
                word_lanes_t o[TILE];
                TRANSFORM_OUTPUT(
                    columns[y][0], columns[y][1], columns[y][2], columns[y][3], columns[y][4], o[0], o[1], o[2]);
                const int64_t to = (((int64_t)image * job->height + y0 + y) * job->width + x0) * channels + at;
                const int inside = job->width - x0 < TILE ? job->width - x0 : TILE;
                for (int x = 0; x < inside; x++) FINISH(&end, THIRTY_SIXTH(o[x]), to + x * channels, scale, bias, lanes);
            }
        }
    }
}

/* ---- Directly ---- */

CK_CLONES
static void widen_pixels(const job_t *job, int64_t first, int count) {
    const ck_conv_t *conv = job->conv;
    const int inputs = conv->inputs, kernel = conv->kernel, border = 2 * (kernel / 2);
    const int64_t plane = (int64_t)conv->rows * inputs;
    const int16_t zero = (int16_t)job->zero;
    for (int t = 0; t < count; t++) {
        const int64_t pixel = first + t, row = pixel / job->width, image = row / job->height;
        const int64_t y = row % job->height, x = pixel % job->width;
        for (int tap = 0; tap < kernel * kernel; tap++) {
            const int64_t from = (image * (job->height + border) + y + tap / kernel) * (job->width + border) + x + tap % kernel;
            const uint8_t *q = job->source + from * inputs;
            int16_t *out = job->values + tap * plane + (int64_t)t * inputs;
            for (int c = 0; c < inputs; c++) out[c] = (int16_t)(q[c] - zero);
        }
    }
}

CK_CLONES
static void finish_pixels(const job_t *job, int64_t first, int count, int group) {
    const ck_conv_t *conv = job->conv;
    const ck_epilogue_t end = *job->epilogue;
    const int channels = conv->outputs;
    for (int half = 0; half < LANES; half += 8) {
        const int at = group * LANES + half, lanes = channels - at;
        if (lanes <= 0) return;
        float_lanes_t scale, bias;
        TABLE(end.scale, at, lanes, scale);
        TABLE(end.bias, at, lanes, bias);
        for (int t = 0; t < count; t++) {
            const int_lanes_t sums = *(const int_lanes_t *)(job->sums + (int64_t)t * LANES + half);
            FINISH(&end, sums, (first + t) * channels + at, scale, bias, lanes);
        }
    }
}

static void multiply(const job_t *job, int rows, int position, int group, int32_t *sums) {
    const ck_conv_t *conv = job->conv;
    const int16_t *weights = conv->packed + group * conv->group_step + position * conv->position_step;
    const int16_t *values = job->values + (int64_t)position * conv->rows * conv->inputs;
    ck_gemm_16(values, rows, conv->inputs, weights, !conv->minimal && position > 0, sums);
}

static void multiply_by_group(job_t *job, int64_t first, int count, int rows) {
    const ck_conv_t *conv = job->conv;
    const int64_t plane = conv->minimal ? (int64_t)conv->rows * LANES : 0;
    for (int group = 0; group < conv->groups; group++) {
        for (int position = 0; position < positions(conv); position++)
            multiply(job, rows, position, group, job->sums + position * plane);
        if (conv->minimal)
            restore_tiles(job, first, count, group);
        else
            finish_pixels(job, first, count, group);
    }
}

static void multiply_by_position(job_t *job, int64_t first, int count, int rows) {
    const ck_conv_t *conv = job->conv;
    int32_t *sums = job->sums;
    for (int position = 0; position < positions(conv); position++)
        for (int group = 0; group < conv->groups; group++)
            multiply(job, rows, position, group, sums + group * sums_of_group(conv) + (int64_t)position * conv->rows * LANES);
    for (int group = 0; group < conv->groups; group++) {
        job->sums = sums + group * sums_of_group(conv);
        restore_tiles(job, first, count, group);
    }
    job->sums = sums;
}

void ck_conv_run(
    const ck_conv_t *conv, const uint8_t *source, int images, int height, int width, int zero, const ck_epilogue_t *epilogue,
    void *scratch) {
    job_t job = {
        .conv = conv, .source = source, .images = images, .height = height, .width = width, .zero = zero, .epilogue = epilogue};
    const uintptr_t base = ((uintptr_t)scratch + 63) & ~(uintptr_t)63;
    job.values = (int16_t *)base;
    job.sums = (int32_t *)(base + image_bytes(conv));
    uint8_t *blank = (uint8_t *)job.sums + sum_bytes(conv);
    memset(blank, zero, (size_t)conv->inputs);
    job.blank = blank;
    job.tiles_x = (width + TILE - 1) / TILE;
    job.tiles_y = (height + TILE - 1) / TILE;
    const int64_t all = conv->minimal ? (int64_t)images * job.tiles_x * job.tiles_y : (int64_t)images * height * width;
    const int64_t value_plane = (int64_t)conv->rows * conv->inputs;
    for (int64_t first = 0; first < all; first += conv->rows) {
        const int count = (int)(all - first < conv->rows ? all - first : conv->rows);
        const int rows = (count + CK_GEMM_ROWS - 1) / CK_GEMM_ROWS * CK_GEMM_ROWS;
        if (conv->minimal)
            transform_tiles(&job, first, count);
        else
            widen_pixels(&job, first, count);
        for (int position = 0; position < positions(conv) && rows > count; position++)
            memset(job.values + position * value_plane + (int64_t)count * conv->inputs, 0,
                   sizeof(int16_t) * (size_t)(rows - count) * (size_t)conv->inputs);
        if (conv->large)
            multiply_by_position(&job, first, count, rows);
        else
            multiply_by_group(&job, first, count, rows);
    }
}
