/* Which control groups are worth watching: a walk over the tree of version 2, and the busiest of what it finds.
 *
 * Worth a look are groups without groups below them, and services and containers whatever is below them. The walk is bounded in depth and number.
 */
#ifndef AUSPEX_SYSTEM_CGROUPS_H
#define AUSPEX_SYSTEM_CGROUPS_H

#include "base/buf.h"
#include "base/clock.h"

#include <stdint.h>

#define CGROUP_PATH_MAX   160 /* a longer one is passed over */
#define CGROUP_LOOKED_MAX 300
#define CGROUP_DEPTH      6

struct cgroup_found {
	char path[CGROUP_PATH_MAX]; /* below the root, "system.slice/ssh.service" */
	uint64_t cpu_us, memory;    /* used so far; used now */
	double score;
};
struct cgroup_walk {
	const char *root;           /* of the tree */
	struct buf *text;           /* scratch */
	struct cgroup_found *found; /* CGROUP_LOOKED_MAX */
	size_t n;
	size_t left_out; /* past the bound */
};

/* Fills `found`. 0, or -errno when there is no such tree. */
int cgroup_walk(struct cgroup_walk *w);
/* Orders the found ones, best first, by their share of processor time since `before` (the walk before it; may have n 0) and of memory. `kept` tells of one that
 * is watched already: it stays unless another is clearly busier. */
void cgroup_rank(struct cgroup_walk *w, const struct cgroup_found *before, size_t n_before,
		 bool (*kept)(void *arg, const char *path), void *arg);

#endif
