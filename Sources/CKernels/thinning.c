/* Skeletons by directional thinning: Lee, Kashyap and Chu, CVGIP 56 (1994), and a variant that keeps the topology.
 *
 * A round has six sub-iterations. Each first collects, on the unchanged mask, the border voxels of its direction that
 * are simple and no line ends; then it deletes them one after another in C order, after a second look. The original
 * looks again only at the number of foreground components, and so erases whole objects of even width; the safe
 * variant asks again for simplicity and for more than one neighbour. */
#pragma STDC FP_CONTRACT OFF
#include "ck_vessel.h"
#include "vessel_neighbourhood.h"

enum { MINUS_Y, PLUS_Y, PLUS_Z, MINUS_Z, PLUS_X, MINUS_X };

/* The voxels of a word whose neighbour in the direction is background. */
static inline uint64_t border(const uint64_t *rows, const ck_frame *frame, int64_t i, int direction) {
  const uint64_t word = rows[i];
  const int64_t x_step = frame->ny * frame->row_words;
  switch (direction) {
  case MINUS_Y: return word & ~rows[i - frame->row_words];
  case PLUS_Y: return word & ~rows[i + frame->row_words];
  case PLUS_Z: return word & ~((word >> 1) | (rows[i + 1] << 63));
  case MINUS_Z: return word & ~((word << 1) | (rows[i - 1] >> 63));
  case PLUS_X: return word & ~rows[i + x_step];
  default: return word & ~rows[i - x_step];
  }
}

int ck_is_simple(uint32_t neighbourhood) { return vessel_simple(neighbourhood & ~VESSEL_CENTRE & VESSEL_ALL); }

CK_CLONES
void ck_thin(
  uint64_t *rows, const ck_frame *frame, int safe, uint64_t *stable, int64_t *active, uint64_t *candidates) {
  static const int order[6] = {MINUS_Y, PLUS_Y, PLUS_Z, MINUS_Z, PLUS_X, MINUS_X};
  const int64_t row_words = frame->row_words, words = frame->nx * frame->ny * row_words;
  memset(stable, 0, (size_t)words * 8);
  int64_t count = 0;
  for (int64_t i = 0; i < words; i++) {
    if (rows[i]) active[count++] = i;
  }
  /* `stable` marks voxels found undeletable; it holds until something in their neighbourhood is deleted. */
  for (int changed = 1; changed;) {
    changed = 0;
    for (int d = 0; d < 6; d++) {
      int any = 0;
      for (int64_t a = 0; a < count; a++) {
        const int64_t i = active[a];
        uint64_t found = 0, todo = border(rows, frame, i, order[d]) & ~stable[i];
        if (todo) {
          const int64_t row = i / row_words, z0 = (i - row * row_words) * 64;
          for (; todo; todo &= todo - 1) {
            const uint64_t bit = todo & -todo;
            const uint32_t n = vessel_neighbourhood(rows, frame, row, z0 + __builtin_ctzll(todo)) & ~VESSEL_CENTRE;
            if ((n & (n - 1)) && vessel_simple(n)) {
              found |= bit;
            } else {
              stable[i] |= bit;
            }
          }
          any |= found != 0;
        }
        candidates[a] = found;
      }
      if (!any) continue;
      for (int64_t a = 0; a < count; a++) {
        const int64_t i = active[a];
        for (uint64_t todo = candidates[a]; todo; todo &= todo - 1) {
          const uint64_t bit = todo & -todo;
          const int64_t row = i / row_words, z = (i - row * row_words) * 64 + __builtin_ctzll(todo);
          const uint32_t n = vessel_neighbourhood(rows, frame, row, z) & ~VESSEL_CENTRE;
          if (safe ? (n & (n - 1)) && vessel_simple(n) : vessel_one_component(n)) {
            rows[i] &= ~bit;
            vessel_clear_neighbourhood(stable, frame, row, z);
            changed = 1;
          } else {
            stable[i] |= bit;
          }
        }
      }
    }
    int64_t kept = 0;
    for (int64_t a = 0; a < count; a++) {
      if (rows[active[a]]) active[kept++] = active[a];
    }
    count = kept;
  }
}
