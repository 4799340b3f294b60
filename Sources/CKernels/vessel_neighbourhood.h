/* The 3x3x3 neighbourhood of a voxel as 27 bits, read from and written to bit rows. */
#ifndef VESSEL_NEIGHBOURHOOD_H
#define VESSEL_NEIGHBOURHOOD_H

#include "ck_vessel.h"

#include <string.h>

#define VESSEL_CENTRE ((uint32_t)1 << 13)

/* Bit 9*(dx+1) + 3*(dy+1) + (dz+1) of the result is voxel (x+dx, y+dy, z+dz). Rows are whole words, so the byte and
 * the shift at which z-1 lies are the same in all nine rows. */
static inline uint32_t vessel_neighbourhood(const uint64_t *rows, const ck_frame *frame, int64_t row, int64_t z) {
  const int64_t row_bytes = frame->row_words * 8;
  const int64_t before = z - 1;
  const uint8_t *base = (const uint8_t *)rows + row * row_bytes + (before >> 3);
  const int shift = (int)(before & 7);
  uint32_t code = 0;
  for (int dx = -1; dx <= 1; dx++) {
    for (int dy = -1; dy <= 1; dy++) {
      uint16_t bits;
      memcpy(&bits, base + (dx * frame->ny + dy) * row_bytes, 2);
      code |= (uint32_t)((bits >> shift) & 7) << (9 * (dx + 1) + 3 * (dy + 1));
    }
  }
  return code;
}

/* Clears the 27 bits around a voxel. */
static inline void vessel_clear_neighbourhood(uint64_t *rows, const ck_frame *frame, int64_t row, int64_t z) {
  const int64_t row_bytes = frame->row_words * 8;
  const int64_t before = z - 1;
  uint8_t *base = (uint8_t *)rows + row * row_bytes + (before >> 3);
  const uint16_t keep = (uint16_t)~(7u << (before & 7));
  for (int dx = -1; dx <= 1; dx++) {
    for (int dy = -1; dy <= 1; dy++) {
      uint8_t *place = base + (dx * frame->ny + dy) * row_bytes;
      uint16_t bits;
      memcpy(&bits, place, 2);
      bits &= keep;
      memcpy(place, &bits, 2);
    }
  }
}

/* Masks of the neighbourhood's bits with dz or dy at one end, for shifts that must not wrap. */
#define VESSEL_Z_LOW 0x1249249u  /* dz = -1 */
#define VESSEL_Z_HIGH 0x4924924u /* dz = +1 */
#define VESSEL_Y_LOW 0x1C0E07u   /* dy = -1 */
#define VESSEL_Y_HIGH 0x70381C0u /* dy = +1 */
#define VESSEL_ALL 0x7FFFFFFu
#define VESSEL_N6 0x415410u
#define VESSEL_N18 0x2EBFEBAu /* without the corners, with the centre */

/* All voxels of `set` that are 26-connected, inside `set`, to the seed. */
static inline uint32_t vessel_flood26(uint32_t seed, uint32_t set) {
  for (;;) {
    uint32_t grown = seed;
    grown |= ((grown & ~VESSEL_Z_HIGH) << 1) | ((grown & ~VESSEL_Z_LOW) >> 1);
    grown |= ((grown & ~VESSEL_Y_HIGH) << 3) | ((grown & ~VESSEL_Y_LOW) >> 3);
    grown |= (grown << 9) | (grown >> 9);
    grown &= set;
    if (grown == seed) return seed;
    seed = grown;
  }
}

/* All voxels of `set` that are 6-connected, inside `set`, to the seed. */
static inline uint32_t vessel_flood6(uint32_t seed, uint32_t set) {
  for (;;) {
    uint32_t grown = seed | ((seed & ~VESSEL_Z_HIGH) << 1) | ((seed & ~VESSEL_Z_LOW) >> 1)
      | ((seed & ~VESSEL_Y_HIGH) << 3) | ((seed & ~VESSEL_Y_LOW) >> 3) | (seed << 9) | (seed >> 9);
    grown &= set;
    if (grown == seed) return seed;
    seed = grown;
  }
}

/* Whether the neighbours form at most one 26-component. */
static inline int vessel_one_component(uint32_t neighbours) {
  return !neighbours || vessel_flood26(neighbours & -neighbours, neighbours) == neighbours;
}

/* Malandain and Bertrand (1992): exactly one 26-component of foreground in N26*, exactly one 6-component of
 * background in N18 that touches N6. `neighbours` has no centre bit. */
static inline int vessel_simple(uint32_t neighbours) {
  const uint32_t background = ~neighbours & VESSEL_N18 & ~VESSEL_CENTRE;
  const uint32_t faces = background & VESSEL_N6;
  if (!neighbours || !faces) return 0;
  if ((faces & (faces - 1)) && (faces & ~vessel_flood6(faces & -faces, background))) return 0;
  return vessel_flood26(neighbours & -neighbours, neighbours) == neighbours;
}

#endif
