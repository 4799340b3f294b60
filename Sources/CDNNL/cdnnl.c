#include "cdnnl.h"

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

/* Debian's oneDNN runs on OpenMP, whose pools spin. With one thread no pool is made. The library brings OpenMP along; where it was
   built without, there is nothing to set. */
extern void omp_set_num_threads(int) __attribute__((weak));

static void keep_to_this_thread(void) {
    if (omp_set_num_threads) omp_set_num_threads(1);
}

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t description_t;
typedef const_dnnl_memory_desc_t description_ref_t;
#define REF(description) (description)
static dnnl_status_t describe(description_t *d, int n, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
    return dnnl_memory_desc_create_with_tag(d, n, dims, type, tag);
}
static void forget(description_t *d) {
    if (*d) dnnl_memory_desc_destroy(*d);
}
#else
typedef dnnl_memory_desc_t description_t;
typedef const dnnl_memory_desc_t *description_ref_t;
#define REF(description) (&(description))
static dnnl_status_t describe(description_t *d, int n, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
    return dnnl_memory_desc_init_by_tag(d, n, dims, type, tag);
}
static void forget(description_t *d) { (void)d; }
#endif

struct cdnnl_conv {
    dnnl_engine_t engine;
    dnnl_primitive_desc_t plan;
    dnnl_primitive_t primitive;
    void *weights;
    size_t scratch_bytes;
};

static description_ref_t part(const cdnnl_conv_t *conv, dnnl_query_t what) {
    return dnnl_primitive_desc_query_md(conv->plan, what, 0);
}

static void *aligned_bytes(size_t count) {
    void *bytes = NULL;
    return posix_memalign(&bytes, 64, count ? count : 64) == 0 ? bytes : NULL;
}

static dnnl_status_t make_plan(cdnnl_conv_t *conv, const cdnnl_shape_t *s) {
    const int border = s->integers ? 2 * (s->kernel / 2) : 0, padding = s->integers ? 0 : s->kernel / 2;
    const dnnl_dims_t source = {s->images, s->inputs, s->height + border, s->width + border};
    const dnnl_dims_t weights = {s->outputs, s->inputs, s->kernel, s->kernel};
    const dnnl_dims_t destination = {s->images, s->outputs, s->height, s->width};
    const dnnl_dims_t strides = {1, 1}, pads = {padding, padding};
    const dnnl_data_type_t in = s->integers ? dnnl_u8 : dnnl_f32, by = s->integers ? dnnl_s8 : dnnl_f32;
    const dnnl_data_type_t out = s->integers ? dnnl_s32 : dnnl_f32;
    description_t a = {0}, w = {0}, c = {0};
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status = describe(&a, 4, source, in, dnnl_nhwc);
    if (!status) status = describe(&w, 4, weights, by, dnnl_format_tag_any);
    if (!status) status = describe(&c, 4, destination, out, dnnl_nhwc);
    if (!status) status = dnnl_primitive_attr_create(&attributes);
    if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
#if DNNL_VERSION_MAJOR >= 3
    if (!status)
        status = dnnl_convolution_forward_primitive_desc_create(
            &conv->plan, conv->engine, dnnl_forward_inference, dnnl_convolution_direct, a, w, NULL, c, strides, NULL, pads, pads,
            attributes);
#else
    dnnl_convolution_desc_t task;
    if (!status)
        status = dnnl_convolution_forward_desc_init(
            &task, dnnl_forward_inference, dnnl_convolution_direct, &a, &w, NULL, &c, strides, pads, pads);
    if (!status) status = dnnl_primitive_desc_create(&conv->plan, &task, attributes, conv->engine, NULL);
#endif
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    forget(&a);
    forget(&w);
    forget(&c);
    return status;
}

static dnnl_status_t pack_weights(cdnnl_conv_t *conv, const cdnnl_shape_t *s, const void *weights) {
    const dnnl_dims_t dims = {s->outputs, s->inputs, s->kernel, s->kernel};
    description_t plain = {0};
    dnnl_memory_t from = NULL, to = NULL;
    dnnl_primitive_desc_t plan = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_stream_t stream = NULL;
    description_ref_t packed = part(conv, dnnl_query_weights_md);
    conv->weights = aligned_bytes(dnnl_memory_desc_get_size(packed));
    if (!conv->weights) return dnnl_out_of_memory;
    dnnl_status_t status = describe(&plain, 4, dims, s->integers ? dnnl_s8 : dnnl_f32, dnnl_ohwi);
    if (!status) status = dnnl_memory_create(&from, REF(plain), conv->engine, (void *)(uintptr_t)weights);
    if (!status) status = dnnl_memory_create(&to, packed, conv->engine, conv->weights);
    if (!status) status = dnnl_reorder_primitive_desc_create(&plan, REF(plain), conv->engine, packed, conv->engine, NULL);
    if (!status) status = dnnl_primitive_create(&reorder, plan);
    if (!status) status = dnnl_stream_create(&stream, conv->engine, dnnl_stream_default_flags);
    if (!status) {
        const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        status = dnnl_primitive_execute(reorder, stream, 2, arguments);
    }
    if (!status) status = dnnl_stream_wait(stream);
    if (stream) dnnl_stream_destroy(stream);
    if (reorder) dnnl_primitive_destroy(reorder);
    if (plan) dnnl_primitive_desc_destroy(plan);
    if (to) dnnl_memory_destroy(to);
    if (from) dnnl_memory_destroy(from);
    forget(&plain);
    return status;
}

cdnnl_conv_t *cdnnl_conv_create(const cdnnl_shape_t *shape, const void *weights, int *status) {
    keep_to_this_thread();
    cdnnl_conv_t *conv = calloc(1, sizeof *conv);
    *status = conv ? dnnl_success : dnnl_out_of_memory;
    if (!conv) return NULL;
    *status = dnnl_engine_create(&conv->engine, dnnl_cpu, 0);
    if (!*status) *status = make_plan(conv, shape);
    if (!*status) *status = pack_weights(conv, shape, weights);
    if (!*status) *status = dnnl_primitive_create(&conv->primitive, conv->plan);
    if (*status) {
        cdnnl_conv_destroy(conv);
        return NULL;
    }
    conv->scratch_bytes = dnnl_memory_desc_get_size(part(conv, dnnl_query_scratchpad_md));
    return conv;
}

void cdnnl_conv_destroy(cdnnl_conv_t *conv) {
    if (!conv) return;
    if (conv->primitive) dnnl_primitive_destroy(conv->primitive);
    if (conv->plan) dnnl_primitive_desc_destroy(conv->plan);
    if (conv->engine) dnnl_engine_destroy(conv->engine);
    free(conv->weights);
    free(conv);
}

size_t cdnnl_conv_scratch_bytes(const cdnnl_conv_t *conv) { return conv->scratch_bytes; }

int cdnnl_conv_run(const cdnnl_conv_t *conv, const void *source, void *destination, void *scratch) {
    keep_to_this_thread();
    dnnl_memory_t memory[4] = {NULL};
    dnnl_stream_t stream = NULL;
    dnnl_status_t status =
        dnnl_memory_create(&memory[0], part(conv, dnnl_query_src_md), conv->engine, (void *)(uintptr_t)source);
    if (!status) status = dnnl_memory_create(&memory[1], part(conv, dnnl_query_weights_md), conv->engine, conv->weights);
    if (!status) status = dnnl_memory_create(&memory[2], part(conv, dnnl_query_dst_md), conv->engine, destination);
    if (!status) status = dnnl_memory_create(&memory[3], part(conv, dnnl_query_scratchpad_md), conv->engine, scratch);
    if (!status) status = dnnl_stream_create(&stream, conv->engine, dnnl_stream_default_flags);
    if (!status) {
        const dnnl_exec_arg_t arguments[] = {
            {DNNL_ARG_SRC, memory[0]}, {DNNL_ARG_WEIGHTS, memory[1]}, {DNNL_ARG_DST, memory[2]}, {DNNL_ARG_SCRATCHPAD, memory[3]}};
        status = dnnl_primitive_execute(conv->primitive, stream, 4, arguments);
    }
    if (!status) status = dnnl_stream_wait(stream);
    if (stream) dnnl_stream_destroy(stream);
    for (int i = 0; i < 4; i++)
        if (memory[i]) dnnl_memory_destroy(memory[i]);
    return status;
}

int cdnnl_integers_are_exact(void) {
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    /* Each set's number holds the bits of the sets that it contains. */
    const unsigned avx2_vnni = (unsigned)dnnl_cpu_isa_avx2_vnni, avx512_vnni = (unsigned)dnnl_cpu_isa_avx512_core_vnni;
    return (isa & avx2_vnni) == avx2_vnni || (isa & avx512_vnni) == avx512_vnni;
}

void cdnnl_version(int *major, int *minor, int *patch) {
    const dnnl_version_t *version = dnnl_version();
    *major = version->major;
    *minor = version->minor;
    *patch = version->patch;
}
