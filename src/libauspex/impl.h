/* Inside libauspex: what its files share.
 *
 *   auspex_sample, auspex_run ──► text of one item ──► queue (bounded, oldest dropped)
 *                                                        │ message_compose
 *   daemon ◄── wire ◄── message (one JSON line, kept until it is sent or answered)
 *
 * A message that waits for its answer stays where it is; one that does not is forgotten when the kernel has it, and only how many
 * items it had is remembered (`owed`), because answers come in the order of the messages. This room includes nothing of
 * the daemon's: libc only.
 */
#ifndef AUSPEX_LIBAUSPEX_IMPL_H
#define AUSPEX_LIBAUSPEX_IMPL_H

#include "auspex.h"

#include <stdbool.h>
#include <sys/types.h>

#define AX_PATHS      10   /* places where a daemon can be expected */
#define AX_OWED_MAX   64   /* messages without an answer; past it we wait for one */
#define AX_REPLY_MAX  1024 /* what we read of an answer: its numbers and the first sentence */
#define AX_ENVELOPE   64   /* bytes of a message around its items */
#define AX_NUMBER_MAX 40

/* --- text.c ----------------------------------------------------------------------------------- */

/* Text of bounded length; `full` once something did not fit. With `data` NULL and `cap` SIZE_MAX it only counts. */
struct ax_text {
	char *data;
	size_t len, cap;
	bool full;
};
void ax_put(struct ax_text *t, const char *text);
void ax_put_bytes(struct ax_text *t, const char *data, size_t len);
/* As a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void ax_put_string(struct ax_text *t, const char *text);
/* Finite. Reads back to the same double, whatever the locale. */
void ax_put_double(struct ax_text *t, double v);
/* Seconds with three decimals. */
void ax_put_seconds(struct ax_text *t, double seconds);
void ax_put_int(struct ax_text *t, long long v);

/* --- queue.c ---------------------------------------------------------------------------------- */

enum ax_kind { AX_RUN, AX_SAMPLE, AX_KINDS };

/* Items one after another: a header, then the text. */
struct ax_queue {
	char *data;
	size_t len, cap;
	size_t n;
	uint64_t dropped;
};
/* 0 or -ENOMEM. */
int ax_queue_init(struct ax_queue *q, size_t cap);
void ax_queue_fini(struct ax_queue *q);
/* Room for the text of one item of `len` bytes at the end, made by dropping the oldest where it must be; NULL when it can never fit. */
char *ax_queue_room(struct ax_queue *q, size_t len);
/* Takes in what was written there. */
void ax_queue_add(struct ax_queue *q, enum ax_kind kind, size_t len);
/* Moves all items into `out` as one push message. Their number. */
size_t ax_queue_compose(struct ax_queue *q, struct ax_text *out);

/* --- reply.c ---------------------------------------------------------------------------------- */

struct ax_reply {
	char text[AX_REPLY_MAX]; /* the beginning of the line */
	size_t len;
	bool whole; /* its newline has come */
};
struct ax_verdict {
	bool ours, ok;
	uint64_t accepted, refused;
	char sentence[256];
};
/* Takes bytes up to the newline; returns how many it took. */
size_t ax_reply_feed(struct ax_reply *r, const char *data, size_t len);
void ax_reply_read(const struct ax_reply *r, struct ax_verdict *out);

/* --- wire.c ----------------------------------------------------------------------------------- */

typedef int64_t ax_deadline; /* monotonic milliseconds */
ax_deadline ax_deadline_in(int timeout_ms);
/* Connected descriptor, non-blocking and close-on-exec; or -errno. A daemon whose queue of connections is full is waited for. */
int ax_connect(const char *path, ax_deadline deadline);
/* Milliseconds left, 0 when there are none. */
int ax_time_left(ax_deadline deadline);
/* Sends from *done on. 0 when all is sent; -ETIMEDOUT or the reason. */
int ax_send(int fd, const char *data, size_t len, size_t *done, ax_deadline deadline);
/* Bytes read; -ETIMEDOUT; -ECONNRESET at the end, or the reason. */
ssize_t ax_receive(int fd, char *data, size_t len, ax_deadline deadline);

/* --- handle.c, flush.c ------------------------------------------------------------------------ */

enum ax_stage { AX_IDLE, AX_SENDING, AX_WAITING };

struct auspex {
	char *paths[AX_PATHS];
	size_t n_paths;
	struct ax_queue queue;
	struct ax_text message; /* what is under way */
	size_t message_n;       /* its items */
	size_t sent;            /* bytes of it the kernel has */
	enum ax_stage stage;    /* AX_WAITING: sent, kept until answered */
	struct ax_reply reply;
	uint32_t owed[AX_OWED_MAX]; /* items of the messages sent without waiting, oldest first */
	size_t n_owed;
	bool refused_since; /* an answer refused something that no AUSPEX_STORED call has told yet */
	int fd;
	pid_t pid; /* who owns connection and content */
	struct auspex_stats stats;
	char sentence[256];
};
/* After a fork, the child's handle starts empty. */
void ax_check_fork(struct auspex *a);
/* Closes the connection and settles what was under way. */
void ax_disconnect(struct auspex *a);
/* Reads the answers that are there. 0, or why the connection ended. */
int ax_drain(struct auspex *a);

#endif
