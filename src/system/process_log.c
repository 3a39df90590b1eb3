#include "process_log_impl.h"

#include "os/process.h"

#include <errno.h>
#include <stdlib.h>

#define TRIM_NS   (3600 * NS_PER_S)
#define DAY_NS    (24 * 3600 * NS_PER_S)
#define ARGUMENTS 1024

#define OPTIONS struct process_log_options
static const struct option rows[] = {
	OPT_DURATION(OPTIONS, interval_ns, "top_interval", "10s", 0, 3600, OPT_RELOAD,
		     "How often the greatest users of CPU and memory are written to the history; 0: never."),
	OPT_INT(OPTIONS, count, "top_count", "10", 1, PROCESS_RECORD_MOST / 2, "processes", OPT_RELOAD,
		"How many of each."),
	OPT_DURATION(OPTIONS, retention_ns, "top_retention", "14d", 60, 1e9, OPT_RELOAD,
		     "How long they are kept."),
};
const struct option_table process_log_option_table = { "system", "The host: processes", rows,
						       sizeof(rows) / sizeof(rows[0]), sizeof(OPTIONS) };

static const struct store_column seen_columns[SEEN_COLUMNS] = {
	[SEEN_PID] = { "pid", STORE_INT, false },          [SEEN_NAME] = { "name", STORE_TEXT, false },
	[SEEN_CMDLINE] = { "cmdline", STORE_TEXT, false }, [SEEN_UID] = { "uid", STORE_INT, false },
	[SEEN_STARTED] = { "started", STORE_REAL, false }, /* Unix seconds */
};
const struct store_kind process_seen_kind = {
	.name = "process_seen", .columns = seen_columns, .n_columns = SEEN_COLUMNS, .version = 1
};
static const struct store_column top_columns[TOP_COLUMNS] = {
	[TOP_TOTAL] = { "total", STORE_INT, false },      /* processes there were */
	[TOP_ENTRIES] = { "entries", STORE_BLOB, false }, /* process_record.h */
};
const struct store_kind process_top_kind = {
	.name = "process_top", .columns = top_columns, .n_columns = TOP_COLUMNS, .version = 1
};

/* --- moments --------------------------------------------------------------------------------------------------------- */

/* Tells the history who that is, once a day. Returns the number of the row, 0 when it would not take it. */
static int64_t seen_row(struct process_log *l, struct process_scan *scan, struct process *p, wall_ns t)
{
	char text[4096], cmdline[ARGUMENTS];
	struct view arguments;
	uint32_t day = (uint32_t)(t / DAY_NS);
	if (p->stored && p->stored_day == day)
		return (int64_t)p->stored;
	process_read_arguments(scan->source, p->pid, text, sizeof(text), &arguments);
	size_t n = process_scan_cmdline(scan, arguments, cmdline, sizeof(cmdline));
	double started = process_create_time(scan, p);
	const struct store_value values[SEEN_COLUMNS] = {
		[SEEN_PID] = SV_INT(p->pid),
		[SEEN_NAME] = SV_TEXT(process_name_of(p)),
		[SEEN_CMDLINE] = SV_TEXT(((struct view){ cmdline, n })),
		[SEEN_UID] = p->uid < 0 ? SV_NULL : SV_INT(p->uid),
		[SEEN_STARTED] = started < 0 ? SV_NULL : SV_REAL(started),
	};
	int64_t id = store_next_id(l->deps.store, &process_seen_kind);
	if (store_append(l->deps.store, &process_seen_kind, t, values, STORE_DETAIL) < 0)
		return 0;
	p->stored = (uint64_t)id;
	p->stored_day = day;
	return id;
}

static void put_process(struct process_log *l, struct process_scan *scan, const struct process *one,
			wall_ns t)
{
	struct process *p = process_table_find(&scan->table, one->pid);
	const struct process_record r = { .seen = p ? seen_row(l, scan, p, t) : 0,
					  .pid = one->pid,
					  .cpu_percent = one->cpu_percent,
					  .rss_bytes = one->rss_bytes,
					  .threads = one->threads,
					  .state = one->state };
	process_record_put(&l->bytes, &r);
}

static bool is_among(const struct process *p, const struct process *const *list, uint32_t n)
{
	while (n--)
		if (list[n] == p)
			return true;
	return false;
}

static void write_moment(struct process_log *l, const struct host_sample *s)
{
	const struct process *cpu[PROCESS_RECORD_MOST], *memory[PROCESS_RECORD_MOST];
	struct process_scan *scan = s->scan;
	uint32_t most = (uint32_t)l->opt.count;
	uint32_t n_cpu = process_table_top(&scan->table, PROCESS_BY_CPU, cpu, most);
	uint32_t n_memory = process_table_top(&scan->table, PROCESS_BY_MEMORY, memory, most);
	buf_clear(&l->bytes);
	for (uint32_t i = 0; i < n_cpu; i++)
		put_process(l, scan, cpu[i], s->t);
	for (uint32_t i = 0; i < n_memory; i++)
		if (!is_among(memory[i], cpu, n_cpu))
			put_process(l, scan, memory[i], s->t);
	if (l->bytes.failed || !l->bytes.len)
		return;
	const struct store_value values[TOP_COLUMNS] = {
		[TOP_TOTAL] = SV_INT(scan->table.n),
		[TOP_ENTRIES] = SV_BLOB(((struct view){ l->bytes.data, l->bytes.len })),
	};
	store_append(l->deps.store, &process_top_kind, s->t, values,
		     STORE_DETAIL); /* counts what it cannot take */
}

static void trim(struct process_log *l, wall_ns now)
{
	if (now >= l->trimmed && now - l->trimmed < TRIM_NS)
		return;
	l->trimmed = now;
	store_trim(l->deps.store, &process_top_kind, now - l->opt.retention_ns, -1);
	/* A moment may refer to a row of the same day. */
	store_trim(l->deps.store, &process_seen_kind, now - l->opt.retention_ns - 2 * DAY_NS, -1);
}

static void on_sample(void *arg, const struct host_sample *s)
{
	struct process_log *l = arg;
	if (!(s->have & HOST_PROCESSES))
		return;
	process_news_sample(l, s);
	if (!l->opt.interval_ns || s->mono < l->due)
		return;
	l->due = s->mono + l->opt.interval_ns / NS_PER_US;
	write_moment(l, s);
	trim(l, s->t);
}

int process_log_new(struct process_log **out, const struct process_log_deps *deps,
		    const struct process_log_options *opt)
{
	struct process_log *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->deps = *deps;
	l->opt = *opt;
	/* The first sample knows no CPU time yet. */
	l->due = clock_mono_us(deps->clock) + 5 * US_PER_S;
	int rc = system_on_sample(deps->system, on_sample, l);
	if (rc < 0) {
		free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void process_log_reconfigure(struct process_log *l, const struct process_log_options *opt)
{
	l->opt = *opt;
	l->due = 0;
}

void process_log_free(struct process_log *l)
{
	if (!l)
		return;
	buf_fini(&l->bytes);
	free(l);
}
