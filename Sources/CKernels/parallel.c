#include "ck_parallel.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MAXIMUM_THREADS = 256 };

typedef struct {
    atomic_int_least64_t next;
    int64_t count;
    void (*body)(void *, int64_t);
    void *context;
} work_t;

static void *take_items(void *argument) {
    work_t *work = argument;
    for (;;) {
        int64_t index = atomic_fetch_add_explicit(&work->next, 1, memory_order_relaxed);
        if (index >= work->count) return NULL;
        work->body(work->context, index);
    }
}

void ck_parallel_for(int64_t n, int threads, void (*body)(void *context, int64_t index), void *context) {
    if (threads > MAXIMUM_THREADS) threads = MAXIMUM_THREADS;
    if ((int64_t)threads > n) threads = (int)n;
    if (threads <= 1) {
        for (int64_t index = 0; index < n; index++) body(context, index);
        return;
    }
    work_t work = {.count = n, .body = body, .context = context};
    atomic_init(&work.next, 0);
    pthread_t helpers[MAXIMUM_THREADS];
    int started = 0;
    /* A thread that cannot be started is no error: the others take its items. */
    while (started < threads - 1 && pthread_create(&helpers[started], NULL, take_items, &work) == 0) started++;
    take_items(&work);
    for (int helper = 0; helper < started; helper++) pthread_join(helpers[helper], NULL);
}
