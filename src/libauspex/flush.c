/* Handing over: connect, send, hear. */
#include "impl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DRAIN_BYTES                                                                                          \
	262144 /* most that is read without a budget: a peer that talks without end must not hold the caller \
		*/

/* Nobody we could speak to: the next place may have one. */
static bool is_no_place(int rc)
{
	return rc == -ENOENT || rc == -ECONNREFUSED || rc == -ENOTDIR || rc == -ENAMETOOLONG ||
	       rc == -EACCES || rc == -EPERM;
}

/* The first place where somebody listens. Where nobody does, the most telling reason: one that is there but
 * dead before one that is missing. */
static int connect_somewhere(struct auspex *a, ax_deadline deadline)
{
	int rc = -ENOENT;
	for (size_t i = 0; i < a->n_paths; i++) {
		int fd = ax_connect(a->paths[i], deadline);
		if (fd >= 0) {
			a->fd = fd;
			a->stats.connects++;
			return 0;
		}
		if (rc == -ENOENT)
			rc = fd;
		if (!is_no_place(fd))
			return fd; /* somebody is there, only not ready: what is meant for him goes to nobody
				      else */
	}
	return rc;
}

void ax_disconnect(struct auspex *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	a->reply = (struct ax_reply){ .len = 0 };
	for (size_t i = 0; i < a->n_owed; i++)
		a->stats.unconfirmed += a->owed[i];
	a->n_owed = 0;
	/* Half a message is none to the daemon, and a whole one without its answer was to be stored: both go
	 * again. */
	if (a->stage != AX_IDLE) {
		a->stage = AX_SENDING;
		a->sent = 0;
	}
}

/* --- answers
 * -------------------------------------------------------------------------------------------------------- */

static void note_verdict(struct auspex *a, const struct ax_verdict *v, uint32_t items)
{
	a->stats.stored += v->ok ? v->accepted : 0;
	a->stats.refused += v->ok ? v->refused : v->ours ? 0 : items;
	if (!v->ok || v->refused)
		memcpy(a->sentence, v->sentence, sizeof(a->sentence));
}

/* The answer to the oldest message without one. 0 (refusals are noted for the next call that asks), -EIO or
 * -EPROTO. */
static int take_answer(struct auspex *a)
{
	struct ax_verdict v;
	ax_reply_read(&a->reply, &v);
	a->reply = (struct ax_reply){ .len = 0 };
	if (a->n_owed) {
		note_verdict(a, &v, a->owed[0]);
		if (v.ours && !v.ok) /* it was not stored and we have it no more */
			a->stats.refused += a->owed[0];
		memmove(a->owed, a->owed + 1, --a->n_owed * sizeof(a->owed[0]));
		a->refused_since = a->refused_since || !v.ok || v.refused;
		return v.ours ? 0 : -EPROTO;
	}
	if (a->stage != AX_WAITING)
		return -EPROTO; /* nobody asked */
	note_verdict(a, &v, (uint32_t)a->message_n);
	if (v.ours && !v.ok) {
		a->stage = AX_SENDING; /* kept: the next call sends it again */
		a->sent = 0;
		return -EIO;
	}
	a->stage = AX_IDLE;
	a->refused_since = a->refused_since || !v.ours || v.refused;
	return v.ours ? 0 : -EPROTO;
}

static bool awaits(const struct auspex *a)
{
	return a->n_owed || a->stage == AX_WAITING;
}

/* Reads until nothing is awaited (`all`) or the oldest answer has come. */
static int hear(struct auspex *a, bool all, ax_deadline deadline)
{
	char data[4096];
	size_t total = 0;
	while (awaits(a)) {
		ssize_t n = ax_receive(a->fd, data, sizeof(data), deadline);
		if (n < 0)
			return (int)n;
		bool answered = false;
		for (size_t at = 0; at < (size_t)n;) {
			at += ax_reply_feed(&a->reply, data + at, (size_t)n - at);
			bool whole = a->reply.whole;
			int rc = whole ? take_answer(a) : 0;
			if (rc < 0)
				return rc;
			answered = answered || whole;
		}
		total += (size_t)n;
		if (answered && !all)
			return 0;
		if (awaits(a) && !ax_time_left(deadline) && (deadline || total > DRAIN_BYTES))
			return -ETIMEDOUT;
	}
	return 0;
}

int ax_drain(struct auspex *a)
{
	int rc = awaits(a) ? hear(a, true, 0) : 0;
	return rc == -ETIMEDOUT || rc == -EIO ? 0 : rc;
}

/* --- messages
 * ------------------------------------------------------------------------------------------------------- */

static int send_message(struct auspex *a, enum auspex_wait wait, ax_deadline deadline)
{
	int rc = 0;
	while (a->n_owed >= AX_OWED_MAX && rc == 0)
		rc = hear(a, false, deadline);
	if (rc == 0)
		rc = ax_send(a->fd, a->message.data, a->message.len, &a->sent, deadline);
	if (rc < 0)
		return rc;
	if (wait == AUSPEX_STORED) {
		a->stage = AX_WAITING;
	} else {
		a->stage = AX_IDLE;
		a->owed[a->n_owed++] = (uint32_t)a->message_n;
	}
	return 0;
}

/* One step of what is to be done; *done when nothing is left. */
static int step(struct auspex *a, enum auspex_wait wait, ax_deadline deadline, bool *done)
{
	if (a->stage == AX_WAITING)
		return hear(a, true, deadline);
	if (a->stage == AX_IDLE && a->queue.n) {
		a->message_n = ax_queue_compose(&a->queue, &a->message);
		a->sent = 0;
		a->stage = AX_SENDING;
	}
	if (a->stage == AX_SENDING)
		return a->fd >= 0 ? send_message(a, wait, deadline) : connect_somewhere(a, deadline);
	*done = wait == AUSPEX_SENT || !a->n_owed;
	return *done ? 0 : hear(a, true, deadline);
}

/* An idle connection whose daemon has gone is noticed before something is entrusted to it. */
static void check_connection(struct auspex *a)
{
	char byte;
	if (a->fd < 0)
		return;
	int rc = ax_drain(a);
	if (rc == 0 && !awaits(a)) {
		ssize_t n = ax_receive(a->fd, &byte, 1, 0);
		rc = n == -ETIMEDOUT ? 0 : n < 0 ? (int)n : -EPROTO;
	}
	if (rc < 0)
		ax_disconnect(a);
}

int auspex_flush(auspex_t *a, int timeout_ms, enum auspex_wait wait)
{
	bool done = false;
	int rc = 0;

	if (!a || (wait != AUSPEX_SENT && wait != AUSPEX_STORED))
		return -EINVAL;
	ax_deadline deadline = ax_deadline_in(timeout_ms);
	ax_check_fork(a);
	if (!a->refused_since)
		a->sentence[0] = '\0';
	check_connection(a);
	while (rc == 0 && !done)
		rc = step(a, wait, deadline, &done);
	if (rc < 0 && rc != -ETIMEDOUT && rc != -EIO)
		ax_disconnect(a);
	if (rc == 0 && wait == AUSPEX_STORED && a->refused_since) {
		a->refused_since = false;
		rc = -EBADMSG;
	}
	return rc;
}
