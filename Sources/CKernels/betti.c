/* Euler characteristic, components and cavities of bit rows. */
#pragma STDC FP_CONTRACT OFF
#include "ck_vessel.h"

CK_CLONES
int64_t ck_euler_characteristic(const uint64_t *rows, const ck_frame *frame) {
  const int64_t ny = frame->ny, row_words = frame->row_words, x_step = ny * row_words;
  int64_t vertices = 0, edges = 0, faces = 0, cells = 0;
  /* Row (x, y) of the lattice: its corner line lies between rows x-1, x and y-1, y; `p | p << 1` are the z-ends. */
  for (int64_t x = 1; x < frame->nx; x++) {
    for (int64_t y = 1; y < ny; y++) {
      const uint64_t *c = rows + x * x_step + y * row_words;
      uint64_t carry_v = 0, carry_x = 0, carry_y = 0, carry_c = 0;
      for (int64_t k = 0; k < row_words; k++) {
        const uint64_t here = c[k], west = c[k - x_step], south = c[k - row_words];
        const uint64_t face_x = here | west, face_y = here | south;
        const uint64_t line = face_x | south | c[k - x_step - row_words];
        cells += __builtin_popcountll(here);
        faces += __builtin_popcountll(here | (here << 1) | carry_c) + __builtin_popcountll(face_x)
          + __builtin_popcountll(face_y);
        edges += __builtin_popcountll(line) + __builtin_popcountll(face_x | (face_x << 1) | carry_x)
          + __builtin_popcountll(face_y | (face_y << 1) | carry_y);
        vertices += __builtin_popcountll(line | (line << 1) | carry_v);
        carry_c = here >> 63;
        carry_x = face_x >> 63;
        carry_y = face_y >> 63;
        carry_v = line >> 63;
      }
    }
  }
  return vertices - edges + faces - cells;
}

CK_CLONES
int64_t ck_runs_count(const uint64_t *rows, const ck_frame *frame) {
  const int64_t words = frame->nx * frame->ny * frame->row_words;
  /* The last bit of a row is zero, so that the carry never leaves a row. */
  int64_t count = 0;
  for (int64_t i = 0; i < words; i++) {
    count += __builtin_popcountll(rows[i] & ~((rows[i] << 1) | (rows[i - 1] >> 63)));
  }
  return count;
}

CK_CLONES
void ck_runs_list(const uint64_t *rows, const ck_frame *frame, int64_t *row_start, int32_t *begin, int32_t *end) {
  const int64_t row_count = frame->nx * frame->ny, row_words = frame->row_words;
  int64_t starts = 0, ends = 0;
  for (int64_t row = 0; row < row_count; row++) {
    row_start[row] = starts;
    const uint64_t *r = rows + row * row_words;
    for (int64_t k = 0; k < row_words; k++) {
      const uint64_t word = r[k], shifted = (word << 1) | (r[k - 1] >> 63);
      if (!(word | shifted)) continue;
      const int32_t z0 = (int32_t)(k * 64);
      for (uint64_t t = word & ~shifted; t; t &= t - 1) begin[starts++] = z0 + (int32_t)__builtin_ctzll(t);
      for (uint64_t t = shifted & ~word; t; t &= t - 1) end[ends++] = z0 + (int32_t)__builtin_ctzll(t);
    }
  }
  row_start[row_count] = starts;
}

static int32_t find32(int32_t *parent, int32_t i) {
  while (parent[i] != i) {
    parent[i] = parent[parent[i]];
    i = parent[i];
  }
  return i;
}

static void join32(int32_t *parent, int32_t a, int32_t b) {
  a = find32(parent, a);
  b = find32(parent, b);
  if (a < b) parent[b] = a;
  if (b < a) parent[a] = b;
}

int64_t ck_runs_label26(
  const ck_frame *frame, const int64_t *row_start, const int32_t *begin, const int32_t *end, int32_t *label) {
  const int64_t ny = frame->ny, row_count = frame->nx * ny;
  const int64_t count = row_start[row_count];
  for (int64_t i = 0; i < count; i++) label[i] = (int32_t)i;
  const int64_t earlier[4] = {-1, -ny - 1, -ny, -ny + 1};
  for (int64_t row = ny + 1; row < row_count - ny; row++) {
    for (int e = 0; e < 4; e++) {
      const int64_t other = row + earlier[e];
      int64_t a = row_start[row], b = row_start[other];
      const int64_t a_last = row_start[row + 1], b_last = row_start[other + 1];
      while (a < a_last && b < b_last) {
        if (begin[a] <= end[b] && begin[b] <= end[a]) join32(label, (int32_t)a, (int32_t)b);
        if (end[a] < end[b]) {
          a++;
        } else {
          b++;
        }
      }
    }
  }
  /* Roots are the smallest runs, and parents precede their children: one pass numbers the components. */
  int32_t components = 0;
  for (int64_t i = 0; i < count; i++) label[i] = label[i] == i ? ++components : label[label[i]];
  return components;
}

static int64_t find64(int64_t *parent, int64_t i) {
  while (parent[i] != i) {
    parent[i] = parent[parent[i]];
    i = parent[i];
  }
  return i;
}

/* Gaps are the background between two runs of one row; gap k follows run k. All other background reaches the outside
 * along its own row. */
int64_t ck_cavities_fill(
  const ck_frame *frame, const int64_t *row_start, const int32_t *begin, const int32_t *end, int64_t *work,
  uint64_t *rows) {
  const int64_t ny = frame->ny, row_count = frame->nx * ny, count = row_start[row_count];
  const int64_t outside = 0;
  /* Entry k + 1 is gap k; entry 0 is the outside, the smallest, and so always a root. */
  for (int64_t i = 0; i <= count; i++) work[i] = i;
  const int64_t beside[4] = {-1, 1, -ny, ny};
  for (int64_t row = 0; row < row_count; row++) {
    for (int64_t k = row_start[row]; k + 1 < row_start[row + 1]; k++) {
      const int32_t from = end[k], to = begin[k + 1];
      for (int e = 0; e < 4; e++) {
        const int64_t other = row + beside[e], first = row_start[other], last = row_start[other + 1];
        if (first == last || from < begin[first] || to > end[last - 1]) {
          work[find64(work, k + 1)] = outside;
        }
        for (int64_t m = first; m + 1 < last; m++) {
          if (begin[m + 1] <= from || end[m] >= to) continue;
          const int64_t a = find64(work, k + 1), b = find64(work, m + 1);
          if (a < b) work[b] = a;
          if (b < a) work[a] = b;
        }
      }
    }
  }
  int64_t cavities = 0;
  for (int64_t row = 0; row < row_count; row++) {
    for (int64_t k = row_start[row]; k + 1 < row_start[row + 1]; k++) {
      const int64_t root = find64(work, k + 1);
      if (root == outside) continue;
      cavities += root == k + 1;
      for (int32_t z = end[k]; z < begin[k + 1]; z++) {
        rows[row * frame->row_words + (z >> 6)] |= (uint64_t)1 << (z & 63);
      }
    }
  }
  return cavities;
}
