/* A loop over independent items on several threads. */
#ifndef CK_PARALLEL_H
#define CK_PARALLEL_H

#include "ck_common.h"

/* Calls body(context, index) once for every index in [0, n), on at most `threads` threads (the caller's included).
   Which thread takes which index is not fixed, so a body writes only to places that belong to its index; sums over
   indices are made afterwards, in order. Results then do not depend on the number of threads. */
void ck_parallel_for(int64_t n, int threads, void (*body)(void *context, int64_t index), void *context);

#endif
