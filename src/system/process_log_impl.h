/* Inside of the process log. */
#ifndef AUSPEX_SYSTEM_PROCESS_LOG_IMPL_H
#define AUSPEX_SYSTEM_PROCESS_LOG_IMPL_H

#include "process_record.h"
#include "process_scan.h"
#include "system/process_log.h"

/* Columns of process_seen and process_top. */
enum { SEEN_PID, SEEN_NAME, SEEN_CMDLINE, SEEN_UID, SEEN_STARTED, SEEN_COLUMNS };
enum { TOP_TOTAL, TOP_ENTRIES, TOP_COLUMNS };

/* What is told about comings and goings in this minute. */
struct process_news {
	mono_us since;
	uint32_t told, came, gone; /* the last two were not told one by one */
};

struct process_log {
	struct process_log_deps deps;
	struct process_log_options opt;
	mono_us due;      /* next moment */
	wall_ns trimmed;  /* when what is too old last left */
	struct buf bytes; /* of the moment being written */
	struct process_news news;
};

/* process_news.c */
void process_news_sample(struct process_log *l, const struct host_sample *s);

#endif
