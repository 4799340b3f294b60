#include "cpng_internal.h"
#include <string.h>

typedef struct {
    cpng_sink sink;
    void *context;
} cpng_target;

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
    cpng_target *target = png_get_io_ptr(png);
    target->sink(target->context, bytes, count);
}

static void flush_bytes(png_structp png) { (void)png; }

static int write_rows(const uint8_t *rows, size_t stride, uint32_t width, uint32_t height, int bit_depth, int color,
                      const uint8_t *palette, int palette_count, int level, cpng_target *target, char *message) {
    message[0] = 0;
    cpng_complaints complaints;
    memset(&complaints, 0, sizeof complaints);
    complaints.message = message;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &complaints, cpng_fail, cpng_warn);
    png_infop info = png == NULL ? NULL : png_create_info_struct(png);
    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        cpng_say(message, "libpng cannot start");
        return -1;
    }
    if (setjmp(complaints.jump) != 0) {
        png_destroy_write_struct(&png, &info);
        return -1;
    }
    png_set_write_fn(png, target, write_bytes, flush_bytes);
    png_set_compression_level(png, level);
    png_set_IHDR(png, info, width, height, bit_depth, color, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (palette_count > 0) {
        png_color entries[256];
        for (int i = 0; i < palette_count && i < 256; i++) {
            entries[i].red = palette[3 * i];
            entries[i].green = palette[3 * i + 1];
            entries[i].blue = palette[3 * i + 2];
        }
        png_set_PLTE(png, info, entries, palette_count);
    }
    /* Filters guess well on grey and colour, and badly on palette indices, whose differences mean nothing. */
    png_set_filter(png, PNG_FILTER_TYPE_BASE, palette_count > 0 ? PNG_FILTER_NONE : PNG_ALL_FILTERS);
    png_write_info(png, info);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (bit_depth == 16) png_set_swap(png);
#endif
    for (uint32_t y = 0; y < height; y++) png_write_row(png, rows + (size_t)y * stride);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return 0;
}

static int check(uint32_t width, uint32_t height, int32_t channels, int32_t level, char *message) {
    if (width == 0 || height == 0 || (channels != 1 && channels != 3) || level < 0 || level > 9) {
        cpng_say(message, "the image has no size, or neither one nor three channels");
        return -1;
    }
    return 0;
}

int cpng_write8(const uint8_t *samples, uint32_t width, uint32_t height, int32_t channels, const uint8_t *palette,
                int32_t palette_count, int32_t level, cpng_sink sink, void *context,
                char message[CPNG_MESSAGE_LENGTH]) {
    if (check(width, height, channels, level, message) != 0) return -1;
    int has_palette = palette != NULL && palette_count > 0;
    if (has_palette && (channels != 1 || palette_count > 256)) {
        cpng_say(message, "a palette has at most 256 entries and one channel of indices");
        return -1;
    }
    int color = has_palette ? PNG_COLOR_TYPE_PALETTE : channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY;
    cpng_target target = {sink, context};
    return write_rows(samples, (size_t)width * (size_t)channels, width, height, 8, color, palette,
                      has_palette ? palette_count : 0, level, &target, message);
}

int cpng_write16(const uint16_t *samples, uint32_t width, uint32_t height, int32_t channels, int32_t level,
                 cpng_sink sink, void *context, char message[CPNG_MESSAGE_LENGTH]) {
    if (check(width, height, channels, level, message) != 0) return -1;
    cpng_target target = {sink, context};
    return write_rows((const uint8_t *)samples, (size_t)width * (size_t)channels * 2, width, height, 16,
                      channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, NULL, 0, level, &target, message);
}
