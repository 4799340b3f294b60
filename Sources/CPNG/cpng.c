#include "cpng_internal.h"
#include <string.h>

const char *cpng_version(void) { return png_get_libpng_ver(NULL); }

void cpng_say(char message[CPNG_MESSAGE_LENGTH], const char *text) {
    size_t length = 0;
    while (length < CPNG_MESSAGE_LENGTH - 1 && text[length] != 0) {
        /* The name of a damaged chunk can hold anything; only printable ASCII goes on. */
        unsigned char c = (unsigned char)text[length];
        message[length] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
        length++;
    }
    message[length] = 0;
}

void cpng_fail(png_structp png, png_const_charp text) {
    cpng_complaints *complaints = png_get_error_ptr(png);
    cpng_say(complaints->message, text);
    longjmp(complaints->jump, 1);
}

void cpng_warn(png_structp png, png_const_charp text) {
    cpng_complaints *complaints = png_get_error_ptr(png);
    size_t used = strlen(complaints->warnings);
    char line[CPNG_MESSAGE_LENGTH];
    cpng_say(line, text);
    size_t length = strlen(line);
    if (used + length + 2 > CPNG_WARNINGS_LENGTH) return;
    memcpy(complaints->warnings + used, line, length);
    complaints->warnings[used + length] = '\n';
    complaints->warnings[used + length + 1] = 0;
}
