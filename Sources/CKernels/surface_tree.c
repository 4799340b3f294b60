#pragma STDC FP_CONTRACT OFF
#include <stdlib.h>

#include "surface_internal.h"

/* A balanced tree of points in boxes, for queries whose nearest point is far away. Node 1 is the root; the children of
   node n are 2n and 2n + 1; all leaves lie at one depth. */
enum { LEAF_POINTS = 12 };

typedef struct {
    int32_t low[3], high[3];
} box_t;

struct point_tree {
    double spacing[3];
    int64_t count, leaves; /* leaves is a power of two */
    int32_t (*points)[3];
    int64_t *starts; /* first point of each leaf; leaves + 1 entries */
    box_t *boxes;    /* 2 * leaves, from index 1 */
};

static void swap_points(int32_t *a, int32_t *b) {
    for (int axis = 0; axis < 3; axis++) {
        int32_t t = a[axis];
        a[axis] = b[axis];
        b[axis] = t;
    }
}

/* Moves the `rank` smallest points along an axis to the front. */
static void partition(int32_t (*points)[3], int64_t n, int64_t rank, int axis) {
    int64_t from = 0, to = n - 1;
    while (from < to) {
        int32_t a = points[from][axis], b = points[from + (to - from) / 2][axis], c = points[to][axis];
        int32_t pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
        int64_t i = from, j = to;
        while (i <= j) {
            while (points[i][axis] < pivot) i++;
            while (points[j][axis] > pivot) j--;
            if (i <= j) swap_points(points[i++], points[j--]);
        }
        if (rank <= j) to = j;
        else if (rank >= i) from = i;
        else return;
    }
}

static void build(point_tree_t *tree, int64_t node, int64_t from, int64_t to) {
    box_t box = {{INT32_MAX, INT32_MAX, INT32_MAX}, {INT32_MIN, INT32_MIN, INT32_MIN}};
    for (int64_t i = from; i < to; i++) {
        for (int axis = 0; axis < 3; axis++) {
            const int32_t value = tree->points[i][axis];
            if (value < box.low[axis]) box.low[axis] = value;
            if (value > box.high[axis]) box.high[axis] = value;
        }
    }
    tree->boxes[node] = box;
    if (node >= tree->leaves) {
        tree->starts[node - tree->leaves] = from;
        return;
    }
    int widest = 0;
    double width = -1;
    for (int axis = 0; axis < 3 && from < to; axis++) {
        const double extent = ((double)box.high[axis] - box.low[axis]) * tree->spacing[axis];
        if (extent > width) width = extent, widest = axis;
    }
    const int64_t middle = from + (to - from) / 2;
    if (to - from > 1) partition(tree->points + from, to - from, middle - from, widest);
    build(tree, 2 * node, from, middle);
    build(tree, 2 * node + 1, middle, to);
}

point_tree_t *point_tree_make(const point_set_t *set, const double *spacing) {
    point_tree_t *tree = calloc(1, sizeof *tree);
    if (tree == NULL) return NULL;
    for (int axis = 0; axis < 3; axis++) tree->spacing[axis] = spacing[axis];
    tree->count = set->slice_starts[set->nz];
    tree->leaves = 1;
    while (tree->leaves * LEAF_POINTS < tree->count) tree->leaves *= 2;
    tree->points = malloc((size_t)tree->count * sizeof *tree->points);
    tree->starts = malloc((size_t)(tree->leaves + 1) * sizeof *tree->starts);
    tree->boxes = malloc((size_t)(2 * tree->leaves) * sizeof *tree->boxes);
    if (tree->points == NULL || tree->starts == NULL || tree->boxes == NULL) {
        point_tree_free(tree);
        return NULL;
    }
    int64_t at = 0;
    for (int64_t z = 0; z < set->nz; z++) {
        for (int64_t y = 0; y < set->ny; y++) {
            const int64_t row = z * set->ny + y;
            for (int64_t w = set->first_word[row]; w <= set->last_word[row]; w++) {
                for (uint64_t bits = row_of(set, y, z)[w]; bits != 0; bits &= bits - 1) {
                    tree->points[at][0] = (int32_t)(w * 64 + __builtin_ctzll(bits));
                    tree->points[at][1] = (int32_t)y;
                    tree->points[at][2] = (int32_t)z;
                    at++;
                }
            }
        }
    }
    tree->starts[tree->leaves] = tree->count;
    build(tree, 1, 0, tree->count);
    return tree;
}

void point_tree_free(point_tree_t *tree) {
    if (tree == NULL) return;
    free(tree->points);
    free(tree->starts);
    free(tree->boxes);
    free(tree);
}

static double distance_to_box(const point_tree_t *tree, int64_t node, const int32_t *point) {
    const box_t *box = &tree->boxes[node];
    int64_t gap[3];
    for (int axis = 0; axis < 3; axis++) {
        if (box->low[axis] > box->high[axis]) return 1e300;
        if (point[axis] < box->low[axis]) gap[axis] = (int64_t)box->low[axis] - point[axis];
        else if (point[axis] > box->high[axis]) gap[axis] = (int64_t)point[axis] - box->high[axis];
        else gap[axis] = 0;
    }
    return squared_distance(gap[0], gap[1], gap[2], tree->spacing);
}

static double search(const point_tree_t *tree, int64_t node, const int32_t *point, double best) {
    if (node >= tree->leaves) {
        const int64_t leaf = node - tree->leaves;
        for (int64_t i = tree->starts[leaf]; i < tree->starts[leaf + 1]; i++) {
            const int32_t *other = tree->points[i];
            const double d = squared_distance(
                (int64_t)point[0] - other[0], (int64_t)point[1] - other[1], (int64_t)point[2] - other[2], tree->spacing);
            if (d < best) best = d;
        }
        return best;
    }
    int64_t near = 2 * node, far = near + 1;
    double near_gap = distance_to_box(tree, near, point), far_gap = distance_to_box(tree, far, point);
    if (far_gap < near_gap) {
        const int64_t node_swap = near;
        const double gap_swap = near_gap;
        near = far, far = node_swap;
        near_gap = far_gap, far_gap = gap_swap;
    }
    if (near_gap < best) best = search(tree, near, point, best);
    if (far_gap < best) best = search(tree, far, point, best);
    return best;
}

double point_tree_nearest(const point_tree_t *tree, const int32_t *point, double bound) {
    return search(tree, 1, point, bound);
}
