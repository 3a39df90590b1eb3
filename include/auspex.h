/* libauspex: send runs and samples to the Auspex daemon of this machine.
 *
 *     auspex_t *a = auspex_open(NULL);
 *     auspex_sample(a, "app.queue{q=mail}", 3);
 *     auspex_close(a, 100);
 *
 * Nothing but libc is needed. Three rules hold always:
 *
 * 1. No call takes longer than it was told. auspex_sample(), auspex_sample_at() and auspex_run() only write into memory. The two
 *    calls that speak to the daemon take a budget in milliseconds, measured on the monotonic clock; 0 means "only what can be
 *    done at once". A daemon that is dead, stopped, slow or full costs its budget, never more.
 * 2. Memory is bounded. What was not handed over is kept; past the bound the oldest goes and is counted (auspex_stats).
 *    The handle allocates when it is opened and not again.
 * 3. The program is left alone: no signal is raised (SIGPIPE neither), no thread is started, nothing is printed, EINTR is handled
 *    inside, the descriptor is close-on-exec, and the library has no writable static data.
 *
 * Connections are made when something is to be sent and made again by themselves after the daemon was restarted.
 *
 * Threads: a handle serves one thread at a time (guard it with a lock of yours, or give each thread its own); different handles
 * are independent. Fork: the child may go on with the handle: it starts empty and makes its own connection; what was buffered at
 * the fork belongs to the parent.
 *
 * Results: 0, or a negative errno; auspex_strerror() says it in a sentence and auspex_error() what the daemon said. A NULL handle is
 * taken everywhere (-EINVAL), so that a program can go on when there was no memory for one.
 */
#ifndef AUSPEX_H
#define AUSPEX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AUSPEX_API __attribute__((visibility("default")))
#else
#define AUSPEX_API
#endif

typedef struct auspex auspex_t;

/* Room for about 1 MiB of text: some 12 000 samples. */
#define AUSPEX_BUFFER_DEFAULT 1048576

/* A handle for the daemon at a Unix socket. `path` NULL: where a daemon can be expected, tried in this order at each connect:
 * $AUSPEX_SOCKET; auspex.sock in $AUSPEX_STATE_DIR, $XDG_STATE_HOME/auspex, ~/.local/state/auspex, /run/auspex and
 * /var/lib/auspex; /tmp/retry-daemon.sock, /tmp/retryd.sock, /tmp/patience-daemon.sock. (The environment is read
 * here, once.) Nothing is connected yet: a daemon may be started later. NULL only when out of memory. */
AUSPEX_API auspex_t *auspex_open(const char *path);
/* The same with a bound of its own: at most `buffer_bytes` wait (4 KiB .. 4 MiB, else the nearest of these; 0: the default),
 * and once more as much may be under way. */
AUSPEX_API auspex_t *auspex_open_sized(const char *path, size_t buffer_bytes);

/* --- what can be sent ---------------------------------------------------------------------------------------------- */

/* One number of a series, measured now. `series` is "domain.metric" or "domain.metric{label=value,…}": names of letters, digits and
 * _ . : - that begin with a letter or _; at most 512 bytes. Only memory is touched. -EINVAL: a NULL or empty
 * name, or a value that is not finite. (Whether the name is well formed is told by the daemon.) */
AUSPEX_API int auspex_sample(auspex_t *a, const char *series, double value);
/* The same, measured at `unix_seconds` (1970 .. 2096, fractions count to the millisecond). */
AUSPEX_API int auspex_sample_at(auspex_t *a, const char *series, double value, double unix_seconds);

/* One attempt of a run. */
struct auspex_attempt {
	double duration_s;
	int exit_code;
	int success; /* 0 or 1 */
};

/* A finished run of a command. Set everything to 0 first (struct auspex_run r = { 0 }): 0 is the usual value of each. */
struct auspex_run {
	const char *command;                   /* must be given; copied */
	int failed;                            /* 1: it failed in the end */
	double duration_s;                     /* all attempts and the pauses between them */
	double finished_at;                    /* Unix seconds; 0: now */
	unsigned n_attempts;                   /* 0: one; at most 10 000 */
	const struct auspex_attempt *attempts; /* n_attempts of them, copied; NULL: made from the rest, the last as `exit_code` */
	int exit_code;                         /* of the last attempt, when attempts is NULL; 0 of a failed run counts as 1 */
};
/* Only memory is touched. -EINVAL: no command, or a number out of range; -EMSGSIZE: larger than the buffer. */
AUSPEX_API int auspex_run(auspex_t *a, const struct auspex_run *run);

/* --- handing over --------------------------------------------------------------------------------------------------- */

enum auspex_wait {
	AUSPEX_SENT = 0,  /* until the kernel has taken it. Each item reaches the daemon at most once; what its refusals were is seen in
			     auspex_stats when their answers have come */
	AUSPEX_STORED = 1 /* until the daemon answered that it is stored. That answer is its promise: what it covers survives a crash of the
			     daemon. If the connection is lost before the answer, the items are kept and sent again by the next
			     call: at least once */
};

/* Hands over what is buffered, within `timeout_ms` (0: without waiting; below 0 counts as 0).
 *    0            all of it was sent, or stored. Nothing to send is a success too
 *   -ETIMEDOUT    the budget is used up. The rest is kept; a message under way is continued by the next call, not sent twice
 *   -ENOENT, -ECONNREFUSED, -EACCES … nobody listens, or we may not; all is kept
 *   -ECONNRESET   the daemon hung up (EPIPE is told so too); kept, except what AUSPEX_SENT had handed over already
 *   -EBADMSG      the daemon stored the rest and refused some items for what they are: auspex_error() says why. They are gone. With
 *                 AUSPEX_STORED this includes items of earlier calls that did not wait
 *   -EIO          the daemon cannot store now (a full disk): kept, so try again later
 *   -EPROTO       what answered is no Auspex daemon; this message is given up
 *   -ENAMETOOLONG the socket's path is longer than the system allows
 *   -EINVAL       no handle, or no such `wait` */
AUSPEX_API int auspex_flush(auspex_t *a, int timeout_ms, enum auspex_wait wait);

/* auspex_flush(a, timeout_ms, AUSPEX_SENT), then frees the handle in any case. Its result. */
AUSPEX_API int auspex_close(auspex_t *a, int timeout_ms);

/* --- what became of it ---------------------------------------------------------------------------------------------- */

struct auspex_stats {
	uint64_t stored;      /* items the daemon said it stored */
	uint64_t refused;     /* items it refused, or that were given up with -EPROTO */
	uint64_t dropped;     /* items dropped here because the buffer was full */
	uint64_t unconfirmed; /* items sent without waiting whose answer can no longer come */
	uint64_t connects;    /* connections made */
	size_t waiting;       /* items in the buffer or under way */
	size_t waiting_bytes;
};
/* Answers that have come meanwhile are read first; does not wait. */
AUSPEX_API int auspex_stats(auspex_t *a, struct auspex_stats *out);

/* The daemon's first sentence about what it refused last, or "". Valid until the next call with this handle. */
AUSPEX_API const char *auspex_error(const auspex_t *a);
/* A sentence for a result of this library. Never NULL; static storage. */
AUSPEX_API const char *auspex_strerror(int code);
/* "1.0.0" */
AUSPEX_API const char *auspex_version(void);

#ifdef __cplusplus
}
#endif

#endif
