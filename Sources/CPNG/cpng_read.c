#include "cpng_internal.h"
#include <stdlib.h>
#include <string.h>

struct cpng_reader {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t count;
    size_t position;
    cpng_info header;
    uint8_t *rows; /* whole image when interlaced, else one row */
    cpng_complaints complaints;
};

/* Chunks without influence on the stored samples. They are skipped unread: neither their inflation nor their text is
 * wanted. tRNS is among them because alpha is dropped anyway. */
static const png_byte skipped_chunks[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0sTER\0tEXt\0tIME\0tRNS\0zTXt";

static void read_bytes(png_structp png, png_bytep target, size_t count) {
    cpng_reader *reader = png_get_io_ptr(png);
    if (count > reader->count - reader->position) png_error(png, "the file is truncated before IEND");
    memcpy(target, reader->bytes + reader->position, count);
    reader->position += count;
}

void cpng_close(cpng_reader *reader) {
    if (reader == NULL) return;
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader->rows);
    free(reader);
}

const char *cpng_warnings(const cpng_reader *reader) { return reader->complaints.warnings; }

static void read_header(cpng_reader *reader, uint32_t maximum_side) {
    png_structp png = reader->png;
    png_infop info = reader->info;
    png_set_read_fn(png, reader, read_bytes);
    png_set_user_limits(png, maximum_side, maximum_side);
    png_set_chunk_malloc_max(png, 1 << 20);
    png_set_chunk_cache_max(png, 16);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks, (int)(sizeof skipped_chunks / 5));
    png_read_info(png, info);

    cpng_info *header = &reader->header;
    int color = png_get_color_type(png, info);
    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    header->stored_bit_depth = png_get_bit_depth(png, info);
    header->bit_depth = header->stored_bit_depth == 16 ? 16 : 8;
    header->has_alpha = (color & PNG_COLOR_MASK_ALPHA) != 0;
    header->is_palette = color == PNG_COLOR_TYPE_PALETTE;
    header->is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    header->channels = (color & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
}

/* The error about a header only says that it is invalid; the warning before it says what is wrong. */
static void add_first_warning(cpng_complaints *complaints) {
    size_t used = strlen(complaints->message);
    size_t length = strcspn(complaints->warnings, "\n");
    if (length == 0 || used + length + 4 > CPNG_MESSAGE_LENGTH) return;
    complaints->message[used] = ':';
    complaints->message[used + 1] = ' ';
    memcpy(complaints->message + used + 2, complaints->warnings, length);
    complaints->message[used + 2 + length] = 0;
}

cpng_reader *cpng_open(const uint8_t *bytes, size_t count, uint32_t maximum_side, cpng_info *info,
                       char message[CPNG_MESSAGE_LENGTH]) {
    message[0] = 0;
    if (count < 8 || png_sig_cmp(bytes, 0, 8) != 0) {
        cpng_say(message, count == 0 ? "the file is empty" : "the PNG signature is missing or damaged");
        return NULL;
    }
    cpng_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        cpng_say(message, "not enough memory");
        return NULL;
    }
    reader->bytes = bytes;
    reader->count = count;
    reader->complaints.message = message;
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader->complaints, cpng_fail, cpng_warn);
    reader->info = reader->png == NULL ? NULL : png_create_info_struct(reader->png);
    if (reader->info == NULL) {
        cpng_close(reader);
        cpng_say(message, "libpng cannot start");
        return NULL;
    }
    if (setjmp(reader->complaints.jump) != 0) {
        add_first_warning(&reader->complaints);
        cpng_close(reader);
        return NULL;
    }
    read_header(reader, maximum_side);
    *info = reader->header;
    return reader;
}

/* Palette indices to RGB; an index past the palette is an error, where libpng only warns. */
static void look_up(cpng_reader *reader, const uint8_t *row, uint16_t *target) {
    png_colorp palette = NULL;
    int count = 0;
    if (png_get_PLTE(reader->png, reader->info, &palette, &count) == 0 || palette == NULL)
        png_error(reader->png, "the palette (PLTE) is missing");
    for (uint32_t x = 0; x < reader->header.width; x++) {
        if (row[x] >= count) png_error(reader->png, "a pixel has an index past the end of the palette");
        target[3 * x] = palette[row[x]].red;
        target[3 * x + 1] = palette[row[x]].green;
        target[3 * x + 2] = palette[row[x]].blue;
    }
}

static void convert(cpng_reader *reader, const uint8_t *row, uint16_t *target) {
    size_t count = (size_t)reader->header.width * (size_t)reader->header.channels;
    if (reader->header.is_palette) {
        look_up(reader, row, target);
    } else if (reader->header.bit_depth == 16) {
        for (size_t i = 0; i < count; i++) target[i] = (uint16_t)(row[2 * i] << 8 | row[2 * i + 1]);
    } else {
        for (size_t i = 0; i < count; i++) target[i] = row[i];
    }
}

static void decode(cpng_reader *reader, uint16_t *samples) {
    png_structp png = reader->png;
    const cpng_info *header = &reader->header;
    png_set_strip_alpha(png);
    if (header->stored_bit_depth < 8) {
        if (header->is_palette) png_set_packing(png);
        else png_set_expand_gray_1_2_4_to_8(png);
    }
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);
    size_t stride = png_get_rowbytes(png, reader->info);
    size_t height = header->height;
    size_t expected = (size_t)header->width * (header->is_palette ? 1 : (size_t)header->channels)
                      * (size_t)(header->bit_depth / 8);
    if (stride != expected) png_error(png, "the rows have an unexpected length");
    if (passes > 1 && height > SIZE_MAX / stride) png_error(png, "the image is too large");
    reader->rows = calloc(passes > 1 ? height : 1, stride);
    if (reader->rows == NULL) png_error(png, "not enough memory");
    size_t row_values = (size_t)header->width * (size_t)header->channels;
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++) {
            uint8_t *row = reader->rows + (passes > 1 ? y * stride : 0);
            png_read_row(png, row, NULL);
            if (passes == 1) convert(reader, row, samples + y * row_values);
        }
    }
    if (passes > 1)
        for (size_t y = 0; y < height; y++) convert(reader, reader->rows + y * stride, samples + y * row_values);
    png_read_end(png, NULL);
    /* All rows came out, but their checksum does not hold: libpng only warns, the samples may still be wrong. */
    if (strstr(reader->complaints.warnings, "incorrect data check") != NULL)
        png_error(png, "the checksum (Adler-32) of the zlib data in IDAT does not match");
    if (reader->position < reader->count) cpng_warn(png, "extra bytes follow IEND");
}

int cpng_decode(cpng_reader *reader, uint16_t *samples, size_t capacity, char message[CPNG_MESSAGE_LENGTH]) {
    message[0] = 0;
    reader->complaints.message = message;
    size_t needed = (size_t)reader->header.width * reader->header.height * (size_t)reader->header.channels;
    if (capacity < needed) {
        cpng_say(message, "the buffer is too small");
        return -1;
    }
    if (setjmp(reader->complaints.jump) != 0) return -1;
    decode(reader, samples);
    return 0;
}
