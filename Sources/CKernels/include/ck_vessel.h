/* Kernels of the vessel metrics: bit-packed masks, Betti numbers, thinning, skeleton graphs.
 *
 * A mask is cropped to a frame of nx*ny rows of nz voxels, C order (x slowest, z fastest); the outermost layer of the
 * frame is empty. A row takes `row_words` 64-bit words, voxel z is bit z%64 of word z/64, and bits from nz on are zero.
 * Every array of rows has one zero guard word before and after it, so that a neighbourhood can be read anywhere;
 * pointers point to the first word of row 0. The kernels need a little-endian machine. */
#ifndef CK_VESSEL_H
#define CK_VESSEL_H

#include "ck_common.h"

typedef struct ck_frame {
  int64_t nx, ny, nz;
  int64_t row_words;
} ck_frame;

/* How the stored array maps to the frame: axis a of the frame runs along storage axis `axis[a]`, backwards where
 * `reversed[a]` is not 0; `origin[a]` is the (frame-oriented) index in the whole grid of the frame's voxel 0. */
typedef struct ck_frame_map {
  int64_t dimensions[3];
  int64_t axis[3];
  int64_t reversed[3];
  int64_t origin[3];
} ck_frame_map;

/* Box of the non-zero voxels along the three storage axes, i fastest. Returns 0 when there are none. */
int ck_mask_bounds(const uint8_t *mask, const int64_t dimensions[3], int64_t lower[3], int64_t upper[3]);

/* Packs the non-zero voxels of `mask` into zeroed rows. Every non-zero voxel has to lie inside the frame. */
void ck_mask_pack(
  const uint8_t *mask, const ck_frame_map *map, const int64_t lower[3], const int64_t upper[3], const ck_frame *frame,
  uint64_t *rows);

/* Number of set voxels; of voxels set in both; of words that are not zero. */
int64_t ck_rows_count(const uint64_t *rows, const ck_frame *frame);
int64_t ck_rows_count_and(const uint64_t *a, const uint64_t *b, const ck_frame *frame);
int64_t ck_rows_nonzero_words(const uint64_t *rows, const ck_frame *frame);

/* Frame coordinates (x, y, z triples) of the set voxels, in C order. */
void ck_rows_coordinates(const uint64_t *rows, const ck_frame *frame, int32_t *coordinates);

/* Euler characteristic V - E + F - C of the union of the closed voxels (26-connected foreground). */
int64_t ck_euler_characteristic(const uint64_t *rows, const ck_frame *frame);

/* Runs of set voxels along z: their number, then [begin, end) per run and the first run of each row
 * (`row_start` has nx*ny + 1 entries). */
int64_t ck_runs_count(const uint64_t *rows, const ck_frame *frame);
void ck_runs_list(const uint64_t *rows, const ck_frame *frame, int64_t *row_start, int32_t *begin, int32_t *end);

/* 26-connected components of the runs: labels 1... in order of their first voxel. Returns their number. */
int64_t ck_runs_label26(
  const ck_frame *frame, const int64_t *row_start, const int32_t *begin, const int32_t *end, int32_t *label);

/* Finds the cavities (6-connected background that does not reach the outside) and sets their voxels in `rows`.
 * `work` has one entry per run and one more. Returns their number. */
int64_t ck_cavities_fill(
  const ck_frame *frame, const int64_t *row_start, const int32_t *begin, const int32_t *end, int64_t *work,
  uint64_t *rows);

/* Thins `rows` in place. `safe` = 0: as Lee, Kashyap and Chu (1994) in scikit-image's order; 1: the homotopic variant.
 * `stable` has as many words as the rows (zeroed by the kernel) and guards; `active` and `candidates` have
 * `ck_rows_nonzero_words` entries. */
void ck_thin(
  uint64_t *rows, const ck_frame *frame, int safe, uint64_t *stable, int64_t *active, uint64_t *candidates);

/* Whether deleting the centre of a 3x3x3 neighbourhood (bit 9*(dx+1) + 3*(dy+1) + (dz+1)) keeps the topology. */
int ck_is_simple(uint32_t neighbourhood);

/* Squared exact Euclidean distance, in mm², from each listed voxel to the nearest unset voxel of the frame. */
void ck_distance_to_background(
  const uint64_t *rows, const ck_frame *frame, const double spacing[3], const int32_t *coordinates, int64_t count,
  double *squared);

/* First listed voxel of each row (nx*ny + 1 entries); the voxels are listed in C order. */
void ck_row_first(const ck_frame *frame, const int32_t *coordinates, int64_t count, int64_t *row_first);

/* Neighbours of the listed voxels (all of those set in `rows`) as 27-bit codes; returns their number. */
int64_t ck_skeleton_codes(
  const uint64_t *rows, const ck_frame *frame, const int32_t *coordinates, int64_t count, uint32_t *codes);

/* Relative-neighbourhood graph of the listed voxels: an edge of the 26-adjacency is dropped when a common neighbour
 * has both other edges smaller in the order (length, lower voxel, higher voxel). `start` has count + 1 entries;
 * `neighbours` and `lengths` (mm) have room for every neighbour, in ascending order per voxel. Returns the slots used. */
int64_t ck_skeleton_edges(
  const ck_frame *frame, const double spacing[3], const int32_t *coordinates, int64_t count, const int64_t *row_first,
  const uint32_t *codes, int64_t *start, int32_t *neighbours, double *lengths);

/* For each query the value at the nearest listed voxel within sqrt(limit_squared[i]) mm, averaged over all that are
 * equally near; -1 where there is none. Values are not negative. */
void ck_nearest_mean(
  const ck_frame *frame, const double spacing[3], const int32_t *listed, const int64_t *row_first,
  const double *values, const int32_t *queries, int64_t count, const double *limit_squared, double *result);

/* For each listed voxel the label (26-component) of the nearest labelled voxel, trying `offsets` (dx, dy, dz triples)
 * in order; 0 where none of them hits. */
void ck_nearest_label(
  const ck_frame *frame, const uint64_t *rows, const int64_t *row_start, const int32_t *begin, const int32_t *label,
  const int32_t *offsets, int64_t offset_count, const int32_t *coordinates, int64_t count, int32_t *result);

#endif
