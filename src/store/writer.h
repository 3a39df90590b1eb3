/* The writer thread: takes batches off the queue, applies each in one transaction, answers its tickets, and between
 * batches does the chores (trimming, compaction, retention, checkpoints) in slices of a transaction each.
 *
 * Faults: a failing batch is rolled back and its tickets get the code. While faulty a small probe is
 * written each second. A file that was deleted or is damaged is begun anew. When another file than the one whose ids the loop
 * knows was opened, batches fail until the loop has adopted it (OP_ADOPTED arrives in the queue).
 */
#ifndef AUSPEX_STORE_WRITER_H
#define AUSPEX_STORE_WRITER_H

#include "checkpoint.h"
#include "file.h"
#include "queue.h"

#define WRITER_STACK        ((size_t)256 << 10)
#define WRITER_WAL_IDLE     512   /* pages in the log that are worth a checkpoint when nothing is to do */
#define WRITER_WAL_BUSY     1024  /* … that are worth one beside the writer … */
#define WRITER_WAL_REST     256   /* … of which so many may be left for the writer to finish … */
#define WRITER_WAL_MAX      16384 /* … and that force one between two batches */
#define WRITER_IDLE_NS      (200 * (uint64_t)NS_PER_MS)
#define WRITER_EXTEND_NS    (2 * (uint64_t)NS_PER_MS) /* longest wait for the rest of a push */
#define WRITER_EXTEND_TIMES 64
#define WRITER_RETRY_NS     ((uint64_t)NS_PER_S)
#define WRITER_CHORES_NS    (60 * (uint64_t)NS_PER_S)
#define WRITER_SLICE_ROWS   2000

struct trim {
	bool active;
	wall_ns before;
	int64_t keep;
};

struct kind_state {
	sqlite3_stmt *insert, *delete_id;
	int64_t last_id;
	int64_t count;   /* rows, -1 = not counted yet; only trimming by count needs it */
	int64_t pending; /* change of `count` in the open transaction */
	struct trim trim;
};

struct writer {
	struct store *s;
	struct file *file;
	struct kind_state *kinds;
	sqlite3_stmt *begin, *commit, *rollback, *series, *tick;
	struct store_options opt; /* its own copy; OP_CONFIGURE replaces it */
	enum store_state state;
	int code;  /* of the fault */
	int carry; /* code for the next ticket: MUST records before it were lost */
	bool adopted;
	int wal_pages;
	struct checkpointer checkpointer;
	uint64_t retry_at, chores_at, idle_at, sizes_at;
	wall_ms last_wall;   /* at the last look at retention, with … */
	uint64_t last_mono;  /* … the monotonic time, so a stepped clock is noticed */
	uint64_t hold_until; /* no retention until then */
	bool compacting, expiring;
	struct store_stats stats; /* its part; published after each batch */
	mono_us commit_total_us;
};

int writer_init(struct writer *w, struct store *s, struct file *file);
void writer_fini(struct writer *w);
void writer_main(void *arg);
/* Keeps the sentence of the last failure for the statistics. */
void writer_note_error(struct writer *w, int rc);

/* writer_apply.c: one batch inside a transaction. */
int writer_prepare(struct writer *w);
void writer_finalize(struct writer *w);
int writer_apply(struct writer *w, const struct batch *b);
/* Inside a transaction that deletes: notes the highest id ever given. */
int writer_remember_id(struct writer *w, size_t kind);
int writer_begin(struct writer *w);
int writer_end(struct writer *w, int rc); /* commits, or rolls back when rc < 0 or the commit fails */

/* writer_fault.c */
void fault_set(struct writer *w, int code);
/* The store starts without its file. */
void fault_begin(struct writer *w, int code);
void fault_clear(struct writer *w);
void fault_probe(struct writer *w);
/* Makes sure the file is open and still ours. */
int fault_ready(struct writer *w);
/* After ERR_CORRUPT: sets the file aside and begins a new one. */
int fault_renew(struct writer *w, const char *why);

/* chores.c: does one slice; true when there is more to do at once. */
bool chores_slice(struct writer *w);
void chores_trim(struct writer *w, size_t kind, wall_ns before, int64_t keep);

/* compact.c: one slice of journal into blocks, one of retention. 1 = more, 0 = nothing left, or a code. */
int compact_slice(struct writer *w, wall_ms now);
int compact_expire(struct writer *w, wall_ms now);
int compact_bound(struct writer *w);   /* max_bytes */
void compact_shrink(struct writer *w); /* gives free pages back to the file system, a slice of them */

#endif
