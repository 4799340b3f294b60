/* Convolutions of oneDNN, generations 2 and 3 behind one interface, always on the calling thread only.
   No header of oneDNN is seen outside. */
#ifndef CDNNL_H
#define CDNNL_H

#include <stddef.h>
#include <stdint.h>

typedef struct cdnnl_conv cdnnl_conv_t;

typedef struct {
    int images, height, width;  /* of the output */
    int inputs, outputs;        /* channels */
    int kernel;                 /* 1 or 3, stride 1 */
    int integers;               /* 0: f32 × f32 -> f32; 1: u8 × s8 -> s32 */
} cdnnl_shape_t;

/* Prepares a convolution: chooses the code for this processor and packs the weights.
   Images are height × width × channels, channels fastest. Floats are padded with zeros by kernel / 2 pixels here; integers come with
   a border of kernel / 2 pixels around each image, because their zero is not the number 0.
   weights: outputs × kernel × kernel × inputs, of float or int8_t.
   Returns NULL and a status of oneDNN in *status when it cannot be prepared. */
cdnnl_conv_t *cdnnl_conv_create(const cdnnl_shape_t *shape, const void *weights, int *status);

void cdnnl_conv_destroy(cdnnl_conv_t *conv);

/* Bytes of working memory that a run needs; each thread brings its own. */
size_t cdnnl_conv_scratch_bytes(const cdnnl_conv_t *conv);

/* Runs on the calling thread; any number of threads may run one convolution at once. Returns 0 or a status of oneDNN. */
int cdnnl_conv_run(const cdnnl_conv_t *conv, const void *source, void *destination, void *scratch);

/* Whether u8 × s8 sums are exact on this processor: without dot-product instructions pairs are added in 16 bits and saturate. */
int cdnnl_integers_are_exact(void);

/* Version, such as 2.6.3. */
void cdnnl_version(int *major, int *minor, int *patch);

#endif
