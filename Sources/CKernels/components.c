#include "ck_components.h"

#include <stdlib.h>
#include <string.h>

/* Runs of set voxels along x are the nodes of a union-find forest; only runs are compared, never single voxels. */
typedef struct {
    int32_t start, end; /* first and last x */
} run_t;

typedef struct {
    run_t *runs;
    int32_t *parents;
    int64_t count, capacity;
    int64_t *row_starts; /* index of each row's first run; one more entry than rows */
} forest_t;

static int32_t find_root(int32_t *parents, int32_t node) {
    while (parents[node] != node) {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    return node;
}

/* The smaller index wins, so a root is always the first run of its component in memory order. */
static void join(int32_t *parents, int32_t a, int32_t b) {
    a = find_root(parents, a);
    b = find_root(parents, b);
    if (a < b) parents[b] = a;
    else if (b < a) parents[a] = b;
}

static int append(forest_t *forest, int64_t start, int64_t end) {
    if (forest->count == forest->capacity) {
        int64_t capacity = forest->capacity * 2;
        run_t *runs = realloc(forest->runs, (size_t)capacity * sizeof *runs);
        if (runs == NULL) return 0;
        forest->runs = runs;
        int32_t *parents = realloc(forest->parents, (size_t)capacity * sizeof *parents);
        if (parents == NULL) return 0;
        forest->parents = parents;
        forest->capacity = capacity;
    }
    forest->runs[forest->count] = (run_t){(int32_t)start, (int32_t)end};
    forest->parents[forest->count] = (int32_t)forest->count;
    forest->count++;
    return 1;
}

static int collect_row(forest_t *forest, const uint8_t *row, int64_t nx) {
    int64_t x = 0;
    while (x < nx) {
        uint64_t eight;
        if (x + 8 <= nx && (memcpy(&eight, row + x, 8), eight == 0)) {
            x += 8;
            continue;
        }
        if (row[x] == 0) {
            x++;
            continue;
        }
        int64_t start = x;
        while (x < nx && row[x] != 0) x++;
        if (!append(forest, start, x - 1)) return 0;
    }
    return 1;
}

/* Joins the runs of two rows that overlap, or come within `reach` voxels of each other along x. */
static void join_rows(forest_t *forest, int64_t row, int64_t other, int32_t reach) {
    int64_t a = forest->row_starts[row], a_end = forest->row_starts[row + 1];
    int64_t b = forest->row_starts[other], b_end = forest->row_starts[other + 1];
    const run_t *runs = forest->runs;
    while (a < a_end && b < b_end) {
        if (runs[a].start <= runs[b].end + reach && runs[b].start <= runs[a].end + reach) {
            join(forest->parents, (int32_t)a, (int32_t)b);
        }
        if (runs[a].end < runs[b].end) a++;
        else b++;
    }
}

int64_t ck_label_components(const uint8_t *mask, int64_t nx, int64_t ny, int64_t nz, int connectivity, int32_t *labels) {
    int64_t rows = ny * nz;
    forest_t forest = {.capacity = rows + 64};
    forest.runs = malloc((size_t)forest.capacity * sizeof *forest.runs);
    forest.parents = malloc((size_t)forest.capacity * sizeof *forest.parents);
    forest.row_starts = malloc((size_t)(rows + 1) * sizeof *forest.row_starts);
    int64_t result = -1;
    if (forest.runs == NULL || forest.parents == NULL || forest.row_starts == NULL) goto done;

    int32_t face = connectivity == 6 ? 0 : 1; /* reach towards a row that shares a face */
    int32_t edge = connectivity == 26 ? 1 : 0; /* reach towards a row that shares an edge */
    for (int64_t row = 0; row < rows; row++) {
        int64_t y = row % ny, z = row / ny;
        forest.row_starts[row] = forest.count;
        if (!collect_row(&forest, mask + row * nx, nx)) goto done;
        forest.row_starts[row + 1] = forest.count;
        if (forest.row_starts[row] == forest.count) continue;
        if (y > 0) join_rows(&forest, row, row - 1, face);
        if (z > 0) join_rows(&forest, row, row - ny, face);
        if (connectivity != 6 && z > 0) {
            if (y > 0) join_rows(&forest, row, row - ny - 1, edge);
            if (y + 1 < ny) join_rows(&forest, row, row - ny + 1, edge);
        }
    }

    /* A parent comes before its children, so one forward pass turns parents into labels (negative: assigned). */
    result = 0;
    for (int64_t run = 0; run < forest.count; run++) {
        int32_t parent = forest.parents[run];
        forest.parents[run] = parent == run ? (int32_t) - (++result) : forest.parents[parent];
    }
    memset(labels, 0, (size_t)(rows * nx) * sizeof *labels);
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t run = forest.row_starts[row]; run < forest.row_starts[row + 1]; run++) {
            int32_t label = -forest.parents[run];
            for (int64_t x = forest.runs[run].start; x <= forest.runs[run].end; x++) labels[row * nx + x] = label;
        }
    }
done:
    free(forest.runs);
    free(forest.parents);
    free(forest.row_starts);
    return result;
}
