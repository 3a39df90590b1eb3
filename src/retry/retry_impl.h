/* Inside of the retry service's I/O half. */
#ifndef AUSPEX_RETRY_RETRY_IMPL_H
#define AUSPEX_RETRY_RETRY_IMPL_H

#include "retry/retry.h"
#include "retry/slots.h"

#define FAILING_MAX  32
#define FAILING_TEXT 200

/* Failed runs of this second, by command; what finds no row is counted together. */
struct failing {
	struct failing_row {
		uint64_t hash, count;
		char command[FAILING_TEXT];
		uint8_t len;
	} rows[FAILING_MAX];
	uint32_t n;
	uint64_t others;
};

enum { SERIES_RUNS, SERIES_FAILED, SERIES_ATTEMPTS, SERIES_DURATION, SERIES_STORED, RETRY_SERIES };

struct retry {
	struct retry_deps deps;
	struct retry_options opt;
	struct book *book;
	struct slots *slots;
	struct arena arena; /* of the message being handled */
	struct buf scratch;
	uv_timer_t timer;
	bool timer_open;
	uint64_t ticks;
	struct failing failing;
	uint64_t detail_dropped;          /* runs not written to the history because the writer was behind */
	uint64_t told_dropped, told_tick; /* of those told so far, and when */
	series_id series[RETRY_SERIES];
	bool have_series;
	uint64_t loading_errors;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* retry_store.c */
int retry_store_append(struct retry *r, const struct run *run, enum store_weight weight);
int retry_store_load(struct retry *r, wall_ns now, struct err *err);
void retry_store_trim(struct retry *r, wall_ns now);

/* retry_publish.c */
int retry_publish_init(struct retry *r, struct err *err);
void retry_note_failure(struct retry *r, struct view command);
void retry_publish(struct retry *r, wall_ns now);

/* retry_messages.c */
extern const struct intake_kind retry_kind_rows[];
extern const size_t retry_n_kind_rows;
struct push_list retry_push_list(struct retry *r);
/* Notes the failure of a run that is now in the book, for the timeline. */
void retry_note_run(struct retry *r, const struct run *run);

#endif
