/* Connected components of a mask. */
#ifndef CK_COMPONENTS_H
#define CK_COMPONENTS_H

#include "ck_common.h"

/* Labels the components of the non-zero voxels of mask[nz][ny][nx]. Neighbours: connectivity 6, 18 or 26.
   Labels are 1, 2, … in the order in which each component's first voxel appears in memory; 0 is background.
   Returns the number of components, or -1 when memory runs out. */
int64_t ck_label_components(const uint8_t *mask, int64_t nx, int64_t ny, int64_t nz, int connectivity, int32_t *labels);

#endif
