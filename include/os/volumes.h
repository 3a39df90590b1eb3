/* How full file systems are, without ever waiting for a dead one.
 *
 * statvfs on a server that went away can block for hours. So it is called on a helper thread, with at most one call outstanding per file system; a
 * call that does not come back keeps its thread and is told as hung, and another thread serves the rest (at most VOLUMES_THREADS).
 *
 *     volumes_ask(v, slot, "/data");
 *     volumes_wait(v, 3);                        // as a rule all answers are there in a few µs
 *     state = volumes_get(v, slot, &use);
 *
 * Called from one thread.
 */
#ifndef AUSPEX_OS_VOLUMES_H
#define AUSPEX_OS_VOLUMES_H

#include <stdbool.h>
#include <stdint.h>

#define VOLUMES_MAX     64 /* slots */
#define VOLUMES_THREADS 8
#define VOLUME_PATH_MAX 1024

struct volume_use {
	uint64_t total, free, available; /* bytes; available: without what is kept for root */
	uint64_t inodes, inodes_free;    /* 0: the file system does not count them */
};
enum volume_state {
	VOLUME_EMPTY,  /* never asked */
	VOLUME_ASKED,  /* no answer yet */
	VOLUME_KNOWN,  /* answered since it was last asked */
	VOLUME_FAILED, /* answered with an error */
	VOLUME_HUNG,   /* a call is out for longer than VOLUME_HUNG_MS */
};
#define VOLUME_HUNG_MS 2000

struct volumes;
/* `ask` is what the helpers call, NULL for statvfs(3): 0 or -errno. 0 or -ENOMEM. No thread is made before the first question. */
int volumes_new(struct volumes **out, int (*ask)(const char *path, struct volume_use *use));
/* Returns at once, also while a call hangs: whoever comes back last frees the memory. */
void volumes_free(struct volumes *v);
/* A free slot, or -1. A slot whose call hangs is not free before that comes back. */
int volumes_take_slot(struct volumes *v);
void volumes_drop_slot(struct volumes *v, int slot);
/* Nothing happens while the call before is still out, or for a path too long (-ENAMETOOLONG). */
int volumes_ask(struct volumes *v, int slot, const char *path);
/* Until every call that does not hang is answered, or `ms` went by. */
void volumes_wait(struct volumes *v, int ms);
enum volume_state volumes_get(struct volumes *v, int slot, struct volume_use *use);

#endif
