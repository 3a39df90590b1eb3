#include "os/volumes.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STACK_BYTES (64u * 1024)

enum job_state { JOB_FREE, JOB_TAKEN, JOB_QUEUED, JOB_RUNNING, JOB_DONE };
struct job {
	enum job_state state;
	bool dropped; /* its owner left while it ran */
	int rc;
	mono_us asked;
	struct volume_use use;
	char path[VOLUME_PATH_MAX];
};

/* Everything below `lock` belongs to it. The owner and each thread hold one reference. */
struct volumes {
	int (*ask)(const char *path, struct volume_use *use);
	int done_pipe[2]; /* a byte per answer: what the owner waits on */
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job jobs[VOLUMES_MAX];
	unsigned references, threads, idle;
	bool closing;
};

static int ask_statvfs(const char *path, struct volume_use *use)
{
	struct statvfs st;
	if (statvfs(path, &st) < 0)
		return -errno;
	uint64_t block = st.f_frsize ? st.f_frsize : st.f_bsize;
	*use = (struct volume_use){ st.f_blocks * block, st.f_bfree * block, st.f_bavail * block, st.f_files,
				    st.f_ffree };
	return 0;
}

int volumes_new(struct volumes **out, int (*ask)(const char *path, struct volume_use *use))
{
	struct volumes *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	if (pipe(v->done_pipe) < 0) {
		int rc = -errno;
		free(v);
		return rc;
	}
	for (int i = 0; i < 2; i++) {
		fcntl(v->done_pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(v->done_pipe[i], F_SETFL, O_NONBLOCK);
	}
	v->ask = ask ? ask : ask_statvfs;
	v->references = 1;
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->work, NULL);
	*out = v;
	return 0;
}

/* With the lock held; gives it up. */
static void leave(struct volumes *v)
{
	bool last = --v->references == 0;
	pthread_mutex_unlock(&v->lock);
	if (!last)
		return;
	close(v->done_pipe[0]);
	close(v->done_pipe[1]);
	pthread_cond_destroy(&v->work);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

void volumes_free(struct volumes *v)
{
	if (!v)
		return;
	pthread_mutex_lock(&v->lock);
	v->closing = true;
	pthread_cond_broadcast(&v->work);
	leave(v);
}

/* --- the helpers --------------------------------------------------------------------------------------------------- */

static struct job *next_job(struct volumes *v)
{
	for (size_t i = 0; i < VOLUMES_MAX; i++)
		if (v->jobs[i].state == JOB_QUEUED)
			return &v->jobs[i];
	return NULL;
}

static void run_job(struct volumes *v, struct job *j)
{
	struct volume_use use = { 0 };
	j->state = JOB_RUNNING;
	j->asked = clock_mono_us(clock_system());
	pthread_mutex_unlock(&v->lock);
	int rc = v->ask(j->path, &use); /* nobody else touches the path of a running job */
	pthread_mutex_lock(&v->lock);
	j->rc = rc;
	j->use = use;
	j->state = j->dropped ? JOB_FREE : JOB_DONE;
	j->dropped = false;
	ssize_t n = write(v->done_pipe[1], "", 1);
	(void)n; /* a full pipe wakes as well as one more byte */
}

/* One that comes back from a hung call leaves when another took its place. */
static void *helper(void *arg)
{
	struct volumes *v = arg;
	pthread_mutex_lock(&v->lock);
	while (!v->closing) {
		struct job *j = next_job(v);
		if (j) {
			run_job(v, j);
			continue;
		}
		if (v->idle > 0)
			break;
		v->idle++;
		pthread_cond_wait(&v->work, &v->lock);
		v->idle--;
	}
	v->threads--;
	leave(v);
	return NULL;
}

/* With the lock held. Without another thread the questions wait for the next round. */
static void add_helper(struct volumes *v)
{
	pthread_t thread;
	pthread_attr_t attr;
	if (v->threads == VOLUMES_THREADS || pthread_attr_init(&attr) != 0)
		return;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (pthread_create(&thread, &attr, helper, v) == 0) {
		v->threads++;
		v->references++;
	}
	pthread_attr_destroy(&attr);
}

/* --- the owner ----------------------------------------------------------------------------------------------------- */

int volumes_take_slot(struct volumes *v)
{
	int slot = -1;
	pthread_mutex_lock(&v->lock);
	for (int i = 0; i < VOLUMES_MAX && slot < 0; i++)
		if (v->jobs[i].state == JOB_FREE)
			slot = i;
	if (slot >= 0)
		v->jobs[slot].state = JOB_TAKEN;
	pthread_mutex_unlock(&v->lock);
	return slot;
}

void volumes_drop_slot(struct volumes *v, int slot)
{
	if (slot < 0 || slot >= VOLUMES_MAX)
		return;
	pthread_mutex_lock(&v->lock);
	if (v->jobs[slot].state == JOB_RUNNING)
		v->jobs[slot].dropped = true;
	else
		v->jobs[slot].state = JOB_FREE;
	pthread_mutex_unlock(&v->lock);
}

int volumes_ask(struct volumes *v, int slot, const char *path)
{
	size_t n = strlen(path);
	if (n >= VOLUME_PATH_MAX)
		return -ENAMETOOLONG;
	pthread_mutex_lock(&v->lock);
	struct job *j = &v->jobs[slot];
	if (j->state == JOB_TAKEN || j->state == JOB_DONE) {
		memcpy(j->path, path, n + 1);
		j->state = JOB_QUEUED;
		j->asked = clock_mono_us(clock_system());
		if (v->threads == 0)
			add_helper(v);
		else if (v->idle)
			pthread_cond_signal(&v->work);
	}
	pthread_mutex_unlock(&v->lock);
	return 0;
}

static bool is_hung(const struct job *j, mono_us now)
{
	return now - j->asked > VOLUME_HUNG_MS * US_PER_MS;
}

/* How many answers are worth waiting for. */
static unsigned awaited(const struct volumes *v)
{
	mono_us now = clock_mono_us(clock_system());
	unsigned n = 0;
	for (size_t i = 0; i < VOLUMES_MAX; i++)
		n += v->jobs[i].state == JOB_QUEUED ||
		     (v->jobs[i].state == JOB_RUNNING && !is_hung(&v->jobs[i], now));
	return n;
}

void volumes_wait(struct volumes *v, int ms)
{
	char bytes[VOLUMES_MAX];
	struct pollfd fd = { .fd = v->done_pipe[0], .events = POLLIN };
	mono_us end = clock_mono_us(clock_system()) + ms * US_PER_MS;
	for (;;) {
		pthread_mutex_lock(&v->lock);
		unsigned n = awaited(v);
		pthread_mutex_unlock(&v->lock);
		mono_us left = end - clock_mono_us(clock_system());
		if (n == 0)
			return;
		if (left <= 0)
			break;
		if (poll(&fd, 1, (int)(left / US_PER_MS) + 1) > 0 && read(fd.fd, bytes, sizeof(bytes)) < 0)
			break;
	}
	/* Somebody is slow: the questions behind him are served by another. */
	pthread_mutex_lock(&v->lock);
	if (next_job(v) && v->idle == 0)
		add_helper(v);
	pthread_mutex_unlock(&v->lock);
}

enum volume_state volumes_get(struct volumes *v, int slot, struct volume_use *use)
{
	enum volume_state state;
	pthread_mutex_lock(&v->lock);
	const struct job *j = &v->jobs[slot];
	if (j->state == JOB_DONE)
		state = j->rc < 0 ? VOLUME_FAILED : VOLUME_KNOWN;
	else if (j->state == JOB_RUNNING)
		state = is_hung(j, clock_mono_us(clock_system())) ? VOLUME_HUNG : VOLUME_ASKED;
	else
		state = j->state == JOB_QUEUED ? VOLUME_ASKED : VOLUME_EMPTY;
	*use = j->use;
	pthread_mutex_unlock(&v->lock);
	return state;
}
