/* What the parts of the store share: the object itself. Fields are the loop's unless a comment says otherwise. */
#ifndef AUSPEX_STORE_IMPL_H
#define AUSPEX_STORE_IMPL_H

#include "reader.h"
#include "samples.h"
#include "writer.h"

#include <stdatomic.h>

#define STORE_QUEUE_BYTES ((size_t)8 << 20)
#define STORE_FLUSH_MS    10000
#define STORE_DETAIL_NS   ((uint64_t)NS_PER_S) /* records without a ticket reach the disk within this */
#define STORE_SLICE_US    2000 /* rows are handed over for at most this long per turn of the loop */

/* A sentence from another thread on its way to the notice callback. */
struct note {
	struct note *next;
	bool bad;
	char text[512];
};

struct store {
	uv_loop_t *loop;
	uv_async_t async;
	const struct store_kind *const *kinds;
	size_t n_kinds;
	int64_t *next_id, *open_id; /* per kind: to be given next, highest at open */
	int64_t *adopt_id;          /* per kind, of a file to be adopted; under the lock */
	const struct registry *registry;
	struct log *log;
	const struct clock *clock;
	struct store_notice notice;
	struct store_options opt;
	bool durable, closing, finished;
	struct conn load; /* of store_load, until the loop runs */

	struct file file; /* the writer's once it runs */
	struct queue queue;
	struct writer writer;
	uv_thread_t writer_thread;
	struct reader reader;
	struct known known;

	uv_mutex_t lock; /* guards what follows */
	struct store_ticket *answered, **answered_end;
	struct note *notes, **notes_end;
	struct store_backup *backups; /* finished ones */
	struct store_stats published;
	bool writer_done, adopt;
	atomic_uint series_epoch; /* grows when the file lost its series: the loop announces them again */

	uint32_t backups_running;
	void (*close_cb)(void *arg);
	void *close_arg;
};

/* Takes the options over, with defaults for what is 0. */
void store_set_options(struct store *s, const struct store_options *opt);
/* Index of a kind, or -1. */
int store_kind_index(const struct store *s, const struct store_kind *kind);
/* Any thread: queues a sentence for the loop. */
void store_say(void *store, bool bad, const char *sentence);
/* Writer: hands tickets back with a status. */
void store_answer(struct store *s, struct store_ticket *first, struct store_ticket *last, int status);
/* Loop: makes the ids and series of the opened file ours. */
int store_adopt(struct store *s);
/* deliver.c: what uv_async calls. */
void deliver_drop_notes(struct store *s);
/* backup.c: reports the finished ones. */
void backup_deliver(struct store *s);
void store_on_async(uv_async_t *async);
/* Loop: goes on with a close when everything has come back. */
void store_close_step(struct store *s);

#endif
