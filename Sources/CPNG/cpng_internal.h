/* What reading and writing share: the error callbacks that end in setjmp. */
#ifndef CPNG_INTERNAL_H
#define CPNG_INTERNAL_H

#include "cpng.h"
#include <png.h>
#include <setjmp.h>

/* Longest list of warnings that is kept. */
#define CPNG_WARNINGS_LENGTH 2048

typedef struct {
    jmp_buf jump;
    char *message; /* CPNG_MESSAGE_LENGTH characters, of the caller */
    char warnings[CPNG_WARNINGS_LENGTH];
} cpng_complaints;

void cpng_fail(png_structp png, png_const_charp text);
void cpng_warn(png_structp png, png_const_charp text);
void cpng_say(char message[CPNG_MESSAGE_LENGTH], const char *text);

#endif
