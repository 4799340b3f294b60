/* libxml2 behind a shim whose header names no libxml type (its ICU headers clash with Foundation's). */
#ifndef CXML_H
#define CXML_H
#include <stddef.h>
#include <stdint.h>
/* Version of libxml2 at run time, such as "20914". */
const char *cxml_version(void);
#endif
