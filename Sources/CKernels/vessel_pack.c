/* From byte masks, i fastest, to bit rows of a frame. */
#pragma STDC FP_CONTRACT OFF
#include "ck_vessel.h"

#include <string.h>

static inline int row_is_empty(const uint8_t *row, int64_t n) {
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    uint8_t any = 0;
    for (int64_t k = 0; k < 64; k++) any |= row[i + k];
    if (any) return 0;
  }
  uint8_t any = 0;
  for (; i < n; i++) any |= row[i];
  return !any;
}

CK_CLONES
int ck_mask_bounds(const uint8_t *mask, const int64_t dimensions[3], int64_t lower[3], int64_t upper[3]) {
  const int64_t ni = dimensions[0], nj = dimensions[1], nk = dimensions[2];
  for (int a = 0; a < 3; a++) lower[a] = dimensions[a], upper[a] = -1;
  for (int64_t k = 0; k < nk; k++) {
    for (int64_t j = 0; j < nj; j++) {
      const uint8_t *row = mask + (k * nj + j) * ni;
      if (row_is_empty(row, ni)) continue;
      int64_t first = 0, last = ni - 1;
      while (!row[first]) first++;
      while (!row[last]) last--;
      if (first < lower[0]) lower[0] = first;
      if (last > upper[0]) upper[0] = last;
      if (j < lower[1]) lower[1] = j;
      if (j > upper[1]) upper[1] = j;
      if (k < lower[2]) lower[2] = k;
      upper[2] = k;
    }
  }
  return upper[0] >= 0;
}

CK_CLONES
void ck_mask_pack(
  const uint8_t *mask, const ck_frame_map *map, const int64_t lower[3], const int64_t upper[3], const ck_frame *frame,
  uint64_t *rows) {
  const int64_t ni = map->dimensions[0], nj = map->dimensions[1];
  /* Bit position = base + sum over storage axes of index * step: each storage axis feeds one axis of the frame. */
  const int64_t stride[3] = {frame->ny * frame->row_words * 64, frame->row_words * 64, 1};
  int64_t base = 0, step[3] = {0, 0, 0};
  for (int a = 0; a < 3; a++) {
    const int64_t s = map->axis[a];
    if (map->reversed[a]) {
      step[s] = -stride[a];
      base += (map->dimensions[s] - 1 - map->origin[a]) * stride[a];
    } else {
      step[s] = stride[a];
      base -= map->origin[a] * stride[a];
    }
  }
  const int64_t first = lower[0], length = upper[0] - lower[0] + 1;
  for (int64_t k = lower[2]; k <= upper[2]; k++) {
    for (int64_t j = lower[1]; j <= upper[1]; j++) {
      const uint8_t *row = mask + (k * nj + j) * ni + first;
      if (row_is_empty(row, length)) continue;
      const int64_t start = base + k * step[2] + j * step[1] + first * step[0];
      int64_t i = 0;
      while (i < length) {
        if (i + 8 <= length) {
          uint64_t eight;
          memcpy(&eight, row + i, 8);
          if (!eight) {
            i += 8;
            continue;
          }
        }
        if (row[i]) {
          const int64_t bit = start + i * step[0];
          rows[bit >> 6] |= (uint64_t)1 << (bit & 63);
        }
        i++;
      }
    }
  }
}

CK_CLONES
int64_t ck_rows_count(const uint64_t *rows, const ck_frame *frame) {
  const int64_t words = frame->nx * frame->ny * frame->row_words;
  int64_t count = 0;
  for (int64_t i = 0; i < words; i++) count += __builtin_popcountll(rows[i]);
  return count;
}

CK_CLONES
int64_t ck_rows_count_and(const uint64_t *a, const uint64_t *b, const ck_frame *frame) {
  const int64_t words = frame->nx * frame->ny * frame->row_words;
  int64_t count = 0;
  for (int64_t i = 0; i < words; i++) count += __builtin_popcountll(a[i] & b[i]);
  return count;
}

int64_t ck_rows_nonzero_words(const uint64_t *rows, const ck_frame *frame) {
  const int64_t words = frame->nx * frame->ny * frame->row_words;
  int64_t count = 0;
  for (int64_t i = 0; i < words; i++) count += rows[i] != 0;
  return count;
}

void ck_rows_coordinates(const uint64_t *rows, const ck_frame *frame, int32_t *coordinates) {
  const int64_t row_words = frame->row_words;
  for (int64_t x = 0; x < frame->nx; x++) {
    for (int64_t y = 0; y < frame->ny; y++) {
      const uint64_t *row = rows + (x * frame->ny + y) * row_words;
      for (int64_t k = 0; k < row_words; k++) {
        for (uint64_t word = row[k]; word; word &= word - 1) {
          *coordinates++ = (int32_t)x;
          *coordinates++ = (int32_t)y;
          *coordinates++ = (int32_t)(k * 64 + __builtin_ctzll(word));
        }
      }
    }
  }
}
