/* What a skeleton graph needs at its few voxels: distances, neighbours, edges, and the other mask nearby. */
#pragma STDC FP_CONTRACT OFF
#include "ck_vessel.h"
#include "vessel_neighbourhood.h"

#include <math.h>

/* Squared distance along z from voxel z of a row to its nearest unset voxel. */
static double gap_squared(const uint64_t *row, int64_t row_words, int64_t z, double spacing_z) {
  const int64_t word = z >> 6;
  const int offset = (int)(z & 63);
  int64_t up = -1, down = -1;
  uint64_t unset = ~row[word] >> offset << offset;
  for (int64_t k = word;; unset = ~row[++k]) {
    if (unset) {
      up = k * 64 + __builtin_ctzll(unset) - z;
      break;
    }
    if (k + 1 == row_words) break;
  }
  unset = ~row[word] << (63 - offset) >> (63 - offset);
  for (int64_t k = word;; unset = ~row[--k]) {
    if (unset) {
      down = z - (k * 64 + 63 - __builtin_clzll(unset));
      break;
    }
    if (k == 0) break;
  }
  const int64_t nearest = up < 0 || (down >= 0 && down < up) ? down : up;
  const double distance = (double)nearest * spacing_z;
  return distance * distance;
}

void ck_distance_to_background(
  const uint64_t *rows, const ck_frame *frame, const double spacing[3], const int32_t *coordinates, int64_t count,
  double *squared) {
  const int64_t ny = frame->ny, row_words = frame->row_words;
  for (int64_t i = 0; i < count; i++) {
    const int64_t x = coordinates[3 * i], y = coordinates[3 * i + 1], z = coordinates[3 * i + 2];
    double best = gap_squared(rows + (x * ny + y) * row_words, row_words, z, spacing[2]);
    for (int64_t dx = 0; dx <= frame->nx; dx++) {
      const double along_x = (double)dx * spacing[0], from_x = along_x * along_x;
      if (from_x >= best) break;
      for (int64_t dy = 0; dy <= ny; dy++) {
        const double along_y = (double)dy * spacing[1], from_xy = from_x + along_y * along_y;
        if (from_xy >= best) break;
        for (int side = 0; side < 4; side++) {
          if (((side & 1) && !dx) || ((side & 2) && !dy)) continue;
          const int64_t rx = side & 1 ? x - dx : x + dx, ry = side & 2 ? y - dy : y + dy;
          /* The frame's empty outer layer lies nearer than anything beyond it. */
          if (rx < 0 || rx >= frame->nx || ry < 0 || ry >= ny) continue;
          const double total = from_xy + gap_squared(rows + (rx * ny + ry) * row_words, row_words, z, spacing[2]);
          if (total < best) best = total;
        }
      }
    }
    squared[i] = best;
  }
}

void ck_row_first(const ck_frame *frame, const int32_t *coordinates, int64_t count, int64_t *row_first) {
  const int64_t row_count = frame->nx * frame->ny;
  int64_t filled = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = coordinates[3 * i] * frame->ny + coordinates[3 * i + 1];
    while (filled <= row) row_first[filled++] = i;
  }
  while (filled <= row_count) row_first[filled++] = count;
}

int64_t ck_skeleton_codes(
  const uint64_t *rows, const ck_frame *frame, const int32_t *coordinates, int64_t count, uint32_t *codes) {
  int64_t total = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = coordinates[3 * i] * frame->ny + coordinates[3 * i + 1];
    codes[i] = vessel_neighbourhood(rows, frame, row, coordinates[3 * i + 2]) & ~VESSEL_CENTRE;
    total += __builtin_popcount(codes[i]);
  }
  return total;
}

typedef struct edge_key {
  double length;
  int64_t low, high;
} edge_key;

static inline edge_key key(double length, int64_t a, int64_t b) {
  return (edge_key){length, a < b ? a : b, a < b ? b : a};
}

static inline int is_less(edge_key a, edge_key b) {
  if (a.length != b.length) return a.length < b.length;
  if (a.low != b.low) return a.low < b.low;
  return a.high < b.high;
}

int64_t ck_skeleton_edges(
  const ck_frame *frame, const double spacing[3], const int32_t *coordinates, int64_t count, const int64_t *row_first,
  const uint32_t *codes, int64_t *start, int32_t *neighbours, double *lengths) {
  /* Length of a step by its number of unit moves along each axis: equal steps have equal bits. */
  double step[2][2][2];
  for (int n = 0; n < 8; n++) {
    const double x = (n & 4 ? spacing[0] : 0), y = (n & 2 ? spacing[1] : 0), z = (n & 1 ? spacing[2] : 0);
    step[n >> 2][(n >> 1) & 1][n & 1] = sqrt(x * x + y * y + z * z);
  }
  int64_t used = 0;
  for (int64_t u = 0; u < count; u++) {
    const int32_t *at = coordinates + 3 * u;
    int64_t found[26];
    int offsets[26][3], n = 0;
    start[u] = used;
    for (uint32_t code = codes[u]; code; code &= code - 1) {
      const int bit = __builtin_ctz(code);
      const int dx = bit / 9 - 1, dy = bit / 3 % 3 - 1, dz = bit % 3 - 1;
      int64_t v = row_first[(at[0] + dx) * frame->ny + at[1] + dy];
      while (coordinates[3 * v + 2] != at[2] + dz) v++;
      found[n] = v;
      offsets[n][0] = dx, offsets[n][1] = dy, offsets[n][2] = dz;
      n++;
    }
    for (int i = 0; i < n; i++) {
      const int *o = offsets[i];
      const edge_key edge = key(step[o[0] != 0][o[1] != 0][o[2] != 0], u, found[i]);
      int dropped = 0;
      for (int j = 0; j < n && !dropped; j++) {
        const int *p = offsets[j];
        const int ax = o[0] - p[0], ay = o[1] - p[1], az = o[2] - p[2];
        if (j == i || ax > 1 || ax < -1 || ay > 1 || ay < -1 || az > 1 || az < -1) continue;
        dropped = is_less(key(step[p[0] != 0][p[1] != 0][p[2] != 0], u, found[j]), edge)
          && is_less(key(step[ax != 0][ay != 0][az != 0], found[j], found[i]), edge);
      }
      if (dropped) continue;
      neighbours[used] = (int32_t)found[i];
      lengths[used] = edge.length;
      used++;
    }
  }
  start[count] = used;
  return used;
}

static int32_t label_at(
  const int64_t *row_start, const int32_t *begin, const int32_t *label, int64_t row, int64_t z) {
  int64_t low = row_start[row], high = row_start[row + 1];
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    if (begin[middle] <= z) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return label[low];
}

void ck_nearest_label(
  const ck_frame *frame, const uint64_t *rows, const int64_t *row_start, const int32_t *begin, const int32_t *label,
  const int32_t *offsets, int64_t offset_count, const int32_t *coordinates, int64_t count, int32_t *result) {
  for (int64_t i = 0; i < count; i++) {
    result[i] = 0;
    for (int64_t o = 0; o < offset_count; o++) {
      const int64_t x = coordinates[3 * i] + offsets[3 * o], y = coordinates[3 * i + 1] + offsets[3 * o + 1];
      const int64_t z = coordinates[3 * i + 2] + offsets[3 * o + 2];
      if (x < 0 || x >= frame->nx || y < 0 || y >= frame->ny || z < 0 || z >= frame->nz) continue;
      const int64_t row = x * frame->ny + y;
      if (!(rows[row * frame->row_words + (z >> 6)] >> (z & 63) & 1)) continue;
      result[i] = label_at(row_start, begin, label, row, z);
      break;
    }
  }
}

void ck_nearest_mean(
  const ck_frame *frame, const double spacing[3], const int32_t *listed, const int64_t *row_first,
  const double *values, const int32_t *queries, int64_t count, const double *limit_squared, double *result) {
  const int64_t ny = frame->ny;
  for (int64_t i = 0; i < count; i++) {
    const int64_t x = queries[3 * i], y = queries[3 * i + 1], z = queries[3 * i + 2];
    /* Equal distances may differ in their last bits. */
    double best = limit_squared[i], reach = best * (1 + 1e-9), sum = 0;
    int64_t ties = 0;
    for (int64_t dx = 0; dx < frame->nx; dx++) {
      const double along_x = (double)dx * spacing[0], from_x = along_x * along_x;
      if (from_x > reach) break;
      for (int64_t dy = 0; dy < ny; dy++) {
        const double along_y = (double)dy * spacing[1], from_xy = from_x + along_y * along_y;
        if (from_xy > reach) break;
        for (int side = 0; side < 4; side++) {
          if (((side & 1) && !dx) || ((side & 2) && !dy)) continue;
          const int64_t rx = side & 1 ? x - dx : x + dx, ry = side & 2 ? y - dy : y + dy;
          if (rx < 0 || rx >= frame->nx || ry < 0 || ry >= ny) continue;
          for (int64_t k = row_first[rx * ny + ry]; k < row_first[rx * ny + ry + 1]; k++) {
            const double along_z = (double)(listed[3 * k + 2] - z) * spacing[2];
            const double squared = from_xy + along_z * along_z;
            if (squared > reach) continue;
            if (!ties || squared < best * (1 - 1e-9)) {
              best = squared, reach = best * (1 + 1e-9), sum = 0, ties = 0;
            }
            sum += values[k];
            ties++;
          }
        }
      }
    }
    result[i] = ties ? sum / (double)ties : -1;
  }
}
