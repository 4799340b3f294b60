/* libpng behind a shim: setjmp stays in C, limits are set, every buffer is checked by the caller. */
#ifndef CPNG_H
#define CPNG_H
#include <stddef.h>
#include <stdint.h>
/* Version of libpng at run time. */
const char *cpng_version(void);
#endif
