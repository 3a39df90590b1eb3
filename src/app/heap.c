#include "app/heap.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <uv.h>

#define RESERVE_BYTES ((size_t)64 << 10)

/* Where libuv cannot grow a table of its own it ends the process. So what memory is refused to it is asked for once more, after the
 * reserve went back to the heap. */
static _Atomic(void *) reserve;

static bool spend_reserve(void)
{
	void *spent = atomic_exchange(&reserve, NULL);
	free(spent);
	return spent != NULL;
}

static void *reserved_malloc(size_t size)
{
	void *p = malloc(size);
	return p || !spend_reserve() ? p : malloc(size);
}

static void *reserved_calloc(size_t n, size_t size)
{
	void *p = calloc(n, size);
	return p || !spend_reserve() ? p : calloc(n, size);
}

static void *reserved_realloc(void *old, size_t size)
{
	void *p = realloc(old, size);
	return p || !spend_reserve() ? p : realloc(old, size);
}

int heap_prepare(void)
{
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);            /* the store's threads allocate little: no arena of their own */
	mallopt(M_TRIM_THRESHOLD, 1 << 20); /* give bursts back */
#endif
	atomic_store(&reserve, malloc(RESERVE_BYTES));
	if (!atomic_load(&reserve))
		return -ENOMEM;
	return uv_replace_allocator(reserved_malloc, reserved_realloc, reserved_calloc, free);
}

void heap_tidy(void)
{
	if (!atomic_load(&reserve))
		atomic_store(&reserve, malloc(RESERVE_BYTES));
#ifdef __GLIBC__
	malloc_trim(0); /* else the heap creeps up to the sum of all bursts there were */
#endif
}
