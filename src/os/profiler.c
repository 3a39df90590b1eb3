#include "os/profiler.h"

#include "os/self.h"

#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#define SKIP_FRAMES 2 /* the handler itself and the signal trampoline */

struct sample {
	uintptr_t depth;
	void *pc[PROFILER_DEPTH];
};

struct profiler {
	unsigned hz, max;
	atomic_uint used; /* samples claimed, may pass max: the rest is lost */
	struct sigaction before;
	struct sample samples[];
};

static _Atomic(struct profiler *) active; /* see the header */

static void on_tick(int number)
{
	int saved = errno;
	struct profiler *p = atomic_load_explicit(&active, memory_order_acquire);
	(void)number;
	if (p) {
		unsigned i = atomic_fetch_add_explicit(&p->used, 1, memory_order_relaxed);
		if (i < p->max) {
			int depth = backtrace(p->samples[i].pc, PROFILER_DEPTH);
			p->samples[i].depth = depth > 0 ? (uintptr_t)depth : 0;
		}
	}
	errno = saved;
}

static int set_timer(unsigned hz)
{
	struct itimerval t = { { 0, 0 }, { 0, 0 } };
	if (hz)
		t.it_interval.tv_usec = t.it_value.tv_usec = (suseconds_t)(1000000 / hz);
	return setitimer(ITIMER_PROF, &t, NULL) < 0 ? -errno : 0;
}

int profiler_start(struct profiler **out, unsigned hz, unsigned max_samples)
{
	if (atomic_load(&active))
		return -EBUSY;
	struct profiler *p = calloc(1, sizeof(*p) + (size_t)max_samples * sizeof(p->samples[0]));
	if (!p)
		return -ENOMEM;
	p->hz = hz;
	p->max = max_samples;
	/* The first call loads the unwinder, which a signal handler must not do. */
	void *warm[4];
	(void)backtrace(warm, 4);

	struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART };
	sigemptyset(&action.sa_mask);
	int rc = sigaction(SIGPROF, &action, &p->before) < 0 ? -errno : 0;
	atomic_store_explicit(&active, p, memory_order_release);
	if (rc == 0)
		rc = set_timer(hz);
	if (rc < 0) {
		atomic_store(&active, NULL);
		free(p);
		return rc;
	}
	*out = p;
	return 0;
}

static int by_stack(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return memcmp(x->pc, y->pc, x->depth * sizeof(x->pc[0]));
}

static void put_word(struct buf *out, uintptr_t word)
{
	buf_append(out, &word, sizeof(word));
}

/* Equal stacks stand together after sorting: one record each. */
static void put_samples(struct profiler *p, unsigned n, struct buf *out)
{
	qsort(p->samples, n, sizeof(p->samples[0]), by_stack);
	for (unsigned i = 0, same; i < n; i += same) {
		const struct sample *s = &p->samples[i];
		for (same = 1; i + same < n && by_stack(s, &p->samples[i + same]) == 0; same++)
			;
		if (s->depth <= SKIP_FRAMES)
			continue;
		put_word(out, same);
		put_word(out, s->depth - SKIP_FRAMES);
		buf_append(out, s->pc + SKIP_FRAMES, (s->depth - SKIP_FRAMES) * sizeof(s->pc[0]));
	}
}

static void put_map(struct buf *out)
{
	char chunk[4096];
	ssize_t n;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_append(out, chunk, (size_t)n);
	if (fd >= 0)
		close(fd);
}

int profiler_stop(struct profiler *p, struct buf *out, uint64_t *lost)
{
	set_timer(0);
	sigset_t prof, old;
	sigemptyset(&prof);
	sigaddset(&prof, SIGPROF);
	pthread_sigmask(SIG_BLOCK, &prof, &old);
	atomic_store(&active, NULL);
	/* SIG_IGN, not what was there before: a last tick may still be on its way to another thread. */
	signal(SIGPROF, SIG_IGN);
	pthread_sigmask(SIG_SETMASK, &old, NULL);

	unsigned used = atomic_load(&p->used), n = used < p->max ? used : p->max;
	if (lost)
		*lost = used - n;
	int rc = 0;
	if (out) {
		const uintptr_t head[] = { 0, 3, 0, 1000000 / p->hz, 0 };
		buf_append(out, head, sizeof(head));
		put_samples(p, n, out);
		const uintptr_t tail[] = { 0, 1, 0 };
		buf_append(out, tail, sizeof(tail));
		put_map(out);
		rc = out->failed ? -ENOMEM : 0;
	}
	free(p);
	return rc;
}

void profiler_threads(void (*cb)(void *arg, int64_t tid, const char *name, char state), void *arg)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		char path[64], text[512];
		long tid = strtol(entry->d_name, NULL, 10);
		if (tid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", tid);
		FILE *f = fopen(path, "re");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
		if (f)
			fclose(f);
		text[n] = 0;
		char *open_at = strchr(text, '('), *close_at = strrchr(text, ')');
		if (!open_at || !close_at)
			continue;
		char state = stat_state((struct view){ text, n });
		*close_at = 0;
		cb(arg, tid, open_at + 1, state);
	}
	if (dir)
		closedir(dir);
}
