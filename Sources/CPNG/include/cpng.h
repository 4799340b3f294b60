/* libpng behind a shim: its longjmp never leaves C, limits are set, the caller owns every buffer.
 *
 * Only the classic API, without gamma, quantisation or alpha compositing: those paths carry most of the library's
 * published faults, and stored samples are wanted as they are. */
#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

/* Version of libpng at run time. */
const char *cpng_version(void);

/* Longest message, with its closing zero. */
#define CPNG_MESSAGE_LENGTH 256

/* What a file declares. `channels` and `bit_depth` describe the samples that `cpng_decode` delivers. */
typedef struct {
    uint32_t width;
    uint32_t height;
    int32_t channels;         /* 1: grey; 3: RGB. An alpha channel is dropped. */
    int32_t bit_depth;        /* 8 or 16 */
    int32_t stored_bit_depth; /* 1, 2, 4, 8 or 16 */
    int32_t has_alpha;
    int32_t is_palette;
    int32_t is_interlaced;
} cpng_info;

typedef struct cpng_reader cpng_reader;

/* Reads signature and header of a file in memory; `bytes` must live as long as the reader.
 * Returns NULL with a message when the file cannot be read, or is larger than the limit on either side. */
cpng_reader *cpng_open(const uint8_t *bytes, size_t count, uint32_t maximum_side, cpng_info *info,
                       char message[CPNG_MESSAGE_LENGTH]);

/* Decodes all rows, top to bottom, channels interleaved, into `samples` (width * height * channels values).
 * Packed grey of 1, 2 and 4 bits is scaled to 0…255, a palette is looked up.
 * Returns 0, or -1 with a message. Call it once. */
int cpng_decode(cpng_reader *reader, uint16_t *samples, size_t capacity, char message[CPNG_MESSAGE_LENGTH]);

/* What libpng complained about without refusing, one sentence per line. */
const char *cpng_warnings(const cpng_reader *reader);

void cpng_close(cpng_reader *reader);

/* Called with the next bytes of the file. */
typedef void (*cpng_sink)(void *context, const uint8_t *bytes, size_t count);

/* Writes 8-bit samples: grey (`channels` 1), RGB (3), or indices into `palette` (1, with `palette_count` RGB entries).
 * Returns 0, or -1 with a message. The same input gives the same bytes (for one version of zlib). */
int cpng_write8(const uint8_t *samples, uint32_t width, uint32_t height, int32_t channels, const uint8_t *palette,
                int32_t palette_count, int32_t level, cpng_sink sink, void *context,
                char message[CPNG_MESSAGE_LENGTH]);

/* Writes 16-bit samples in the byte order of this machine: grey (1) or RGB (3). */
int cpng_write16(const uint16_t *samples, uint32_t width, uint32_t height, int32_t channels, int32_t level,
                 cpng_sink sink, void *context, char message[CPNG_MESSAGE_LENGTH]);

#endif
