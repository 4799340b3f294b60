/* What every kernel header needs. */
#ifndef CK_COMMON_H
#define CK_COMMON_H

#include <stddef.h>
#include <stdint.h>

/* Several versions of one function, chosen when the program is loaded; the bits are the same in each. */
#if defined(__x86_64__) && defined(__linux__)
#define CK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CK_CLONES
#endif

/* Name of the instruction set that the dispatcher has chosen, for the provenance of a run. */
const char *ck_isa(void);

#endif
