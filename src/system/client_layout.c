/* The upstream layout: one file for each minute, as the daemon wrote them whose place we take. */
#include "client_files_impl.h"
#include "file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define OLDER_NS    (2 * NS_PER_S) /* so much older than the live file it looks */
#define MINUTE_MOST 8192u          /* samples in one file */

/* Local time of the flush. In the hour that autumn repeats the second file of a name gets a number. */
static void minute_name(char out[64], wall_ns t, int again)
{
	time_t seconds = (time_t)(t / NS_PER_S);
	struct tm tm = { 0 };
	char number[16] = "";
	localtime_r(&seconds, &tm);
	if (again)
		snprintf(number, sizeof(number), "_%d", again);
	snprintf(out, 64, "metrics_%04d%02d%02d_%02d%02d%02d%s.json", (tm.tm_year + 1900) % 10000,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, number);
}

void client_tell_saved(struct client_files *f, uint32_t samples, const char *name)
{
	char text[640];
	snprintf(text, sizeof(text), "Saved %u metrics to %s/%s", samples, f->opt.dir, name);
	LOG(f->log, LOG_INFO, "system", text);
}

void client_flush_minute(struct client_files *f, wall_ns t)
{
	char name[64];
	if (!f->minute_samples)
		return;
	for (int again = 0; again < 10; again++) {
		minute_name(name, t, again);
		if (faccessat(f->dir, name, F_OK, 0) < 0)
			break;
	}
	buf_puts(&f->minute, "]\n");
	int rc = f->minute.failed ? -ENOMEM
				  : file_replace(f->dir, name, (struct view){ f->minute.data, f->minute.len },
						 OLDER_NS);
	client_note_result(f, name, rc);
	if (rc == 0)
		client_tell_saved(f, f->minute_samples, name);
	buf_clear(&f->minute);
	f->minute_samples = 0;
}

void client_add_minute(struct client_files *f, const struct host_sample *s, const struct live_sample *l,
		       const struct live_details *details)
{
	if (f->opt.layout != CLIENT_LAYOUT_UPSTREAM)
		return;
	if (!f->minute_samples)
		f->minute_since = s->mono;
	buf_puts(&f->minute, f->minute_samples ? ",\n" : "[");
	client_put_live(&f->minute, l, details, false);
	f->minute_samples++;
	if (s->mono - f->minute_since >= f->opt.upstream_ns / NS_PER_US || f->minute_samples >= MINUTE_MOST)
		client_flush_minute(f, s->t);
}
