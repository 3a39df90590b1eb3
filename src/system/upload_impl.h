/* What the files of the upload share.
 *
 *     upload.c           options, on and off, samples into minutes, minutes into the outbox
 *     upload_session.c   one stretch of being on: what the plan says next is sent, what comes back is told to it
 *     upload_items.c     the items that are held: into requests, and out of the outbox again
 *     upload_plan.c      what comes next                            pure
 *     upload_minute.c    samples into an item                       pure
 *     upload_registry.c  the host's item                            pure
 *     dynamo*.c          the service: requests, answers, transport
 */
#ifndef AUSPEX_SYSTEM_UPLOAD_IMPL_H
#define AUSPEX_SYSTEM_UPLOAD_IMPL_H

#include "system/upload.h"

#include "dynamo.h"
#include "dynamo_document.h"
#include "upload_minute.h"
#include "upload_plan.h"
#include "upload_registry.h"

#define UPLOAD_CHANNEL "dynamodb"

/* A minute that the outbox gave out. */
struct upload_item {
	int64_t id;
	struct view body; /* the outbox's, until it is answered */
	bool riding;      /* in the request under way, or covered by one that is */
};

struct upload_session {
	struct upload *u;
	struct http_client *http;
	struct dynamo *dynamo;
	struct upload_plan plan;
	struct upload_step step; /* under way while busy */
	bool busy;
	uv_timer_t timer; /* the next step */
	uv_timer_t limit; /* of leaving */
	struct upload_item held[DYNAMO_BATCH_MAX];
	size_t n_held;
	bool singly;     /* a batch was refused: one by one, until the bad one is found */
	int64_t doubted; /* the item that was refused once; 0: none */
	size_t riding;   /* items of the request under way */
	bool interim;    /* the open minute is due */
	mono_us spread_until;
	double first_seen;
	bool greeted; /* told once that the host is registered */
	struct buf body;
	uint32_t closing; /* handles and parts that are not closed yet */
	bool ended;
};

struct upload {
	struct upload_deps deps;
	struct arena arena; /* the options' texts */
	struct upload_options opt;
	char host[UPLOAD_HOST_MAX], platform[72];
	struct upload_minute minute;
	int64_t reached_s; /* start of the newest minute so far */
	mono_us interim_at;
	double cpu_percent, memory_percent; /* the newest */
	struct upload_session *session;     /* NULL while off */
	bool replace;                       /* the session that ends is followed by another */
	struct arena next_arena;
	struct upload_options next;
	struct upload_stats stats;
	uint64_t dropped_before; /* by channels that are gone */
	mono_us said_at;         /* the last failure in the log */
	char said[512];
	bool closing;
	void (*close_cb)(void *arg);
	void *close_arg;
};

/* --- upload.c --------------------------------------------------------------------------------------------------------- */
/* A session is through and freed. */
void upload_session_over(struct upload *u);
/* Log, stats and events of a failed request: `what` begins the line ("Error uploading to DynamoDB"). */
void upload_tell_failure(struct upload *u, const char *what, const struct dynamo_fault *f,
			 enum upload_lane lane, bool serious);
/* The registry took a request that changes it. */
void upload_tell_registered(struct upload *u);
void upload_tell_success(struct upload *u, size_t minutes);

/* --- upload_session.c ------------------------------------------------------------------------------------------------- */
/* 0 or a code with a sentence; u->session is set. */
int upload_session_start(struct upload *u, struct err *err);
/* Something changed: look what comes next, from the loop. */
void upload_session_wake(struct upload_session *s);
/* Leaves, then closes all, then upload_session_over. */
void upload_session_end(struct upload_session *s);

/* --- upload_items.c ------------------------------------------------------------------------------------------------------ */
/* The outbox's sender. */
void upload_items_take(void *arg, int64_t item, struct view body);
/* Writes the request for what is held, or for the open minute, into s->body. Its operation, or NULL: nothing is left to be sent. */
const char *upload_items_write(struct upload_session *s);
/* The request's answer; *verdict is what the plan shall make of it. */
void upload_items_done(struct upload_session *s, const struct dynamo_fault *fault, struct view answer,
		       enum dynamo_verdict *verdict);
/* Is there anything to put? */
bool upload_items_waiting(const struct upload_session *s);

#endif
