/* What unix_listener.c (life of the listener), unix_accept.c (accepting) and unix_peer.c
 * (one connection) share.
 *
 * The life of a connection:
 *
 *     accept → fresh (a bare descriptor, queued) → met: open(), read at once
 *                 ├─ ended and closed by the handler: close(), recycled; never had a handle
 *                 └─ stays: gets a uv_poll_t ─ … ─ finished: uv_close → close() → recycled
 *
 * So whoever holds a peer outside of its own callbacks holds one with a handle, and its end is always told
 * later, from the loop: unix_peer_close() never calls back from inside.
 */
#ifndef AUSPEX_NET_UNIX_IMPL_H
#define AUSPEX_NET_UNIX_IMPL_H

#include "base/buf.h"
#include "net/unix_bind.h"
#include "net/unix_listener.h"

/* One read, and what a busy peer is read per loop turn: more costs others, HTTP above all, waiting time; less costs CPU. */
#define UNIX_READ_BYTES ((size_t)64 * 1024)
/* What a peer that has just come or is leaving is read at once. More than a Unix socket's default buffer holds. */
#define UNIX_PROBE_BYTES ((size_t)256 * 1024)
/* Pending output of one peer; a peer that lets more pile up is cut off. */
#define UNIX_OUT_MAX ((size_t)1024 * 1024)
/* The share of one loop turn in which connections are read, beside that of accepting. Those left over come first next time. */
#define UNIX_READ_NS (4 * NS_PER_MS)
/* How long a closing peer may take to fetch what is pending. */
#define UNIX_LINGER_MS 5000
/* Idle time-outs are looked at this often. */
#define UNIX_TICK_MS 250

struct unix_peer {
	uv_poll_t poll; /* valid while has_handle */
	struct unix_listener *l;
	struct unix_peer *next, *prev; /* open list; `next` alone chains the fresh queue and the free list */
	void *user;
	struct buf out; /* what the kernel did not take, from out_off on */
	size_t out_off;
	mono_us heard_us; /* last read; kept only while idle_ms is set */
	int64_t idle_ms;
	struct unix_ids ids;
	int fd;
	int watched;    /* events the handle polls for */
	uint32_t round; /* of the listener, when it was read last */
	bool has_handle;
	bool busy;  /* a callback of this peer is running: its end waits until it returns */
	bool heard; /* has sent something */
	bool ended; /* end() was called */
	bool paused;
	bool closing; /* unix_peer_close() was called: flush and go */
	bool broken;  /* nothing more can be sent: go at once */
	bool ids_known;
};

struct unix_listener {
	uv_loop_t *loop;
	struct unix_handler handler;
	const struct clock *clock;
	struct log *log;
	char *path;
	struct unix_bound bound;
	bool owns_file;

	uv_poll_t poll;    /* on the listening socket */
	uv_idle_t again;   /* active while fresh peers wait: the loop must not sleep */
	uv_timer_t tick;   /* active while a peer has a deadline or accepting rests */
	uv_prepare_t turn; /* active while connections are read: the next turn has a share of its own */
	uint32_t handles;  /* uv handles not closed yet: these four and the peers' */
	bool stopped, closing, draining;
	bool resting;     /* no descriptor or memory: accepting pauses until the next tick */
	bool in_turn;     /* accepting or reading: the buffer is in use */
	uint64_t read_ns; /* spent on reading in this turn */
	uint32_t round;   /* every connection is read once before one is read again */
	bool left_over;   /* a connection of this turn must wait for the next */
	bool catching_up; /* one of the last turn had to */
	void (*closed_cb)(void *arg);
	void *closed_arg;

	int reserve_fd; /* given up to accept when descriptors run out */
	uint32_t max_peers;
	char *buffer; /* UNIX_READ_BYTES; untouched pages cost nothing */

	struct unix_peer *fresh_head, *fresh_tail;
	uint32_t n_fresh;
	struct unix_peer *open;   /* every met peer */
	struct unix_peer *cursor; /* next peer of a walk over `open`; moved on when that peer leaves */
	struct unix_peer *free;
	uint32_t n_free;
	mono_us next_due; /* no idle deadline lies before it */
	struct unix_listener_stats stats;
	struct log_gate gate;
};

/* unix_peer.c */
/* Opens and reads a fresh peer; afterwards it is recycled or has a handle. With `stay` false a peer that does
 * not end at once is closed. False if it was closed for that reason or refused. */
bool unix_peer_meet(struct unix_peer *p, bool stay);
/* Reads what is there, at most `budget` bytes, and settles. */
void unix_peer_drain(struct unix_peer *p, size_t budget);
/* Reads those of the peers met last that had nothing to say then: one who sends and hangs up before another connects is
 * to be heard before that other. */
void unix_peer_hear_earlier(struct unix_listener *l);
/* Throws pending output away and closes. */
void unix_peer_abort(struct unix_peer *p);
/* Calls end(-ETIMEDOUT) when due, drops lingering peers. Returns when it is due next, INT64_MAX = never. */
mono_us unix_peer_check_idle(struct unix_peer *p, mono_us now);

/* unix_accept.c */
int unix_listener_open_reserve(void);
/* (Re)starts accepting unless the listener was stopped. */
void unix_listener_accept(struct unix_listener *l);
/* One turn: accept, read some, look at the backlog again, until both are done or the turn's share is used up.
 */
void unix_listener_turn(struct unix_listener *l, uint64_t budget_ns, uint32_t max_meet);
/* Closes what was accepted and not yet read. */
void unix_listener_drop_fresh(struct unix_listener *l);
void unix_listener_recycle(struct unix_listener *l, struct unix_peer *p);

/* unix_listener.c */
/* Has this connection its turn now? If so, the time of reading it is to be added by unix_listener_spent(). */
bool unix_listener_grants(struct unix_listener *l, struct unix_peer *p);
void unix_listener_spent(struct unix_listener *l, uint64_t ns);
/* A deadline at `due` exists (INT64_MAX: only tick once more). */
void unix_listener_arm_tick(struct unix_listener *l, mono_us due);
/* A uv handle of this listener is closed for good; frees the listener after the last one. */
void unix_listener_handle_closed(struct unix_listener *l);

#endif
