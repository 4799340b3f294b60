/* Hot loops of the metrics and of the engine: portable C with run-time dispatch, no contraction, fixed order of operations. */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_aphidiff.h"
#include "ck_aphidiff_volume.h"
#include "ck_body.h"
#include "ck_common.h"
#include "ck_components.h"
#include "ck_deformation.h"
#include "ck_image.h"
#include "ck_parallel.h"
#include "ck_registration.h"
#include "ck_surface.h"
#include "ck_vessel.h"
#include "ck_vesselness.h"

#endif
