#include "support.h"

#include "base/json.h"
#include "os/process.h"
#include "system/client_files.h"
#include "system/process.h"

#include "../../../src/system/client_entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct rig {
	char dir[64];
	struct clock_fake clock;
	struct client_files_options opt;
	struct client_files *files;
	struct host_sample sample;
	int64_t step_ns;
	struct json_doc doc;
	struct buf text;
};

static void rig_open(struct rig *r)
{
	struct err err = { 0 };
	assert_int_equal(client_files_new(&r->files, &r->opt, &r->clock.clock, NULL, &err), 0);
}

static int start(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	strcpy(r->dir, "/tmp/auspex-client-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_fake_init(&r->clock, now.tv_sec * NS_PER_S + 123456789);
	clock_fake_advance(&r->clock, 1000 * NS_PER_S); /* the monotonic clock does not begin with us */
	clock_fake_step(&r->clock, -1000 * NS_PER_S);
	r->opt = (struct client_files_options){ .dir = r->dir,
						.retention_ns = 24 * 3600 * NS_PER_S,
						.clock = true,
						.network = true,
						.upstream_ns = 60 * NS_PER_S };
	r->sample = (struct host_sample){
		.have = HOST_CPU | HOST_MEMORY | HOST_LOAD | HOST_NETWORK | HOST_PROCESSES,
		.cpu_percent = 12.5,
		.memory_percent = 33.333333,
		.memory_available_mb = 23415.078125,
		.memory_used_mb = 390,
		.load_1m = 3.867,
		.load_5m = 2,
		.load_15m = 0.964,
		.network = { 1, 2, 3, 4, 5, 10.25, NAN, 0, 7 },
	};
	r->step_ns = NS_PER_S;
	json_doc_init(&r->doc);
	buf_init(&r->text);
	*state = r;
	return 0;
}

static int stop(void **state)
{
	struct rig *r = *state;
	char command[128];
	client_files_free(r->files);
	json_doc_fini(&r->doc);
	buf_fini(&r->text);
	snprintf(command, sizeof(command), "rm -rf '%s'", r->dir);
	assert_int_equal(system(command), 0);
	free(r);
	return 0;
}

static void take(struct rig *r)
{
	r->sample.number++;
	r->sample.t = clock_wall_ns(&r->clock.clock);
	r->sample.mono = clock_mono_us(&r->clock.clock);
	client_files_sample(r->files, &r->sample);
	clock_fake_advance(&r->clock, r->step_ns);
}

static void take_many(struct rig *r, int n)
{
	for (int i = 0; i < n; i++)
		take(r);
}

/* Parses a file; the number of its entries. */
static uint32_t load(struct rig *r, const char *name)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	buf_clear(&r->text);
	char piece[4096];
	size_t n;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_append(&r->text, piece, n);
	fclose(f);
	struct err err = { 0 };
	int rc = json_parse_all(&r->doc, r->text.data, r->text.len, JSON_STRICT, &err);
	assert_int_equal(rc, 0);
	assert_int_equal(json_type(&r->doc, 0), JSON_ARRAY);
	return r->doc.nodes[0].len;
}

static json_ref entry_at(struct rig *r, uint32_t i)
{
	json_ref e = json_first(&r->doc, 0);
	while (i--)
		e = json_next(&r->doc, 0, e);
	return e;
}

static json_ref member(struct rig *r, json_ref object, const char *key)
{
	return json_get(&r->doc, object, view_of(key));
}

static double number(struct rig *r, json_ref object, const char *key)
{
	double v = NAN;
	json_double(&r->doc, member(r, object, key), &v);
	return v;
}

static bool raw_is(struct rig *r, json_ref value, const char *text)
{
	return view_eq(json_raw(&r->doc, value), view_of(text));
}

static double changed(struct rig *r, const char *name)
{
	char path[160];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0644, 0);
	return (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
}

static void test_an_entry(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	take(r);
	assert_int_equal(load(r, "metrics_live.json"), 1);
	json_ref e = entry_at(r, 0), s = member(r, e, "system"), n = member(r, e, "network");
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "%lld.123456", (long long)(r->sample.t / NS_PER_S));
	assert_true(raw_is(r, member(r, s, "timestamp"), wanted));
	assert_true(raw_is(r, member(r, e, "timestamp"), wanted));
	assert_true(raw_is(r, member(r, s, "cpu_percent"), "12.5"));
	assert_true(raw_is(r, member(r, s, "memory_percent"), "33.3"));
	assert_true(raw_is(r, member(r, s, "memory_available_mb"), "23415.078125"));
	assert_true(raw_is(r, member(r, s, "memory_used_mb"), "390.0")); /* a float for Python, too */
	assert_true(raw_is(r, member(r, s, "load_avg_1m"), "3.867"));
	assert_true(raw_is(r, member(r, s, "load_avg_5m"), "2.0"));
	assert_true(raw_is(r, member(r, n, "bytes_sent"), "1"));
	assert_true(raw_is(r, member(r, n, "bytes_recv"), "2"));
	assert_true(raw_is(r, member(r, n, "packets_sent"), "3"));
	assert_true(raw_is(r, member(r, n, "packets_recv"), "4"));
	assert_true(raw_is(r, member(r, n, "active_connections"), "5"));
	assert_true(raw_is(r, member(r, n, "bytes_sent_per_s"),
			   "10.3")); /* of our own; what is not known is left out */
	assert_true(member(r, n, "bytes_recv_per_s") == JSON_NONE);
	assert_true(raw_is(r, member(r, e, "processes"), "{}"));
}

static void test_parts_that_are_missing(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	r->sample.have = HOST_CPU | HOST_MEMORY;
	take(r);
	load(r, "metrics_live.json");
	json_ref e = entry_at(r, 0);
	assert_true(member(r, e, "network") == JSON_NONE);
	assert_true(member(r, member(r, e, "system"), "load_avg_1m") == JSON_NONE);
	r->sample.have = HOST_MEMORY; /* nothing a client could take: no entry */
	take(r);
	assert_int_equal(load(r, "metrics_live.json"), 1);
	r->sample.have = HOST_CPU | HOST_MEMORY | HOST_NETWORK;
	r->opt.network = false;
	client_files_reconfigure(r->files, &r->opt);
	take(r);
	assert_int_equal(load(r, "metrics_live.json"), 2);
	assert_true(member(r, entry_at(r, 1), "network") == JSON_NONE);
}

static void test_the_clock_shadow(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	take_many(r, 3);
	assert_int_equal(load(r, "metrics_clock.json"), 4); /* the first says which boot */
	assert_int_equal(json_type(&r->doc, member(r, entry_at(r, 0), "system")), JSON_NULL);
	assert_true(json_raw(&r->doc, member(r, entry_at(r, 0), "boot_id")).len == 36);
	json_ref e = entry_at(r, 3);
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "%lld.%06lld", (long long)(r->sample.mono / US_PER_S),
		 (long long)(r->sample.mono % US_PER_S));
	assert_true(raw_is(r, member(r, member(r, e, "system"), "timestamp"), wanted));
	assert_true(raw_is(r, member(r, e, "clock"), "monotonic"));
	assert_true(fabs(number(r, e, "timestamp") - (double)r->sample.t / 1e9) < 1e-5);
	assert_true(raw_is(r, member(r, e, "processes"), "{}"));
}

static void test_the_live_file_is_the_newest(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	for (int i = 0; i < 130; i++) {
		take(r);
		double live = changed(r, "metrics_live.json");
		assert_true(live >= changed(r, "metrics_clock.json") + 1);
		assert_true(live >= changed(r, "metrics_recent.json") + 1);
		assert_true(live >= changed(r, "metrics_clock_recent.json") + 1);
	}
}

static void test_without_the_clock_files(void **state)
{
	struct rig *r = *state;
	char path[160];
	r->opt.clock = false;
	rig_open(r);
	take_many(r, 130);
	snprintf(path, sizeof(path), "%s/metrics_clock.json", r->dir);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(load(r, "metrics_recent.json") > 0);
}

/* Every sample is in exactly one of the two, in order. */
static void test_no_sample_is_lost_or_doubled(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	for (int i = 1; i <= 400; i++) {
		take(r);
		if (i % 37)
			continue;
		uint32_t live = load(r, "metrics_live.json");
		assert_in_range(live, i < 60 ? i : 60, 90);
		double newest = number(r, member(r, entry_at(r, live - 1), "system"), "timestamp");
		assert_true(fabs(newest - (double)r->sample.t / 1e9) < 1e-5);
		double first = number(r, member(r, entry_at(r, 0), "system"), "timestamp");
		for (uint32_t k = 0; k < live; k++)
			assert_true(fabs(number(r, member(r, entry_at(r, k), "system"), "timestamp") - first -
					 k) < 1e-5);
		uint32_t recent = load(r, "metrics_recent.json");
		if (recent)
			assert_true(number(r, member(r, entry_at(r, recent - 1), "system"), "timestamp") <
				    first);
	}
}

/* Sizes after a day of the longest numbers a machine can have, and the most processes. */
static void test_a_day_of_long_numbers_stays_small(void **state)
{
	struct rig *r = *state;
	static struct host_process processes[256];
	char cmdline[1024];
	memset(cmdline, 'x', sizeof(cmdline));
	for (int i = 0; i < 256; i++)
		processes[i] = (struct host_process){ .pid = 4194304 - 256 + i,
						      .name = VIEW("\xe2\x82\xac\xf0\x9f\x98\x80 python"),
						      .cmdline = { cmdline, sizeof(cmdline) },
						      .cpu_percent = 1234.5,
						      .rss_bytes = UINT64_MAX / 3,
						      .create_time = 1795378212.78 };
	rig_open(r);
	r->sample.processes = processes;
	r->sample.n_processes = 256;
	r->sample.cpu_percent = 99.94;
	r->sample.memory_percent = 99.94;
	r->sample.memory_available_mb = 12345678.0009765625;
	r->sample.memory_used_mb = 12345678.0009765625;
	r->sample.load_1m = r->sample.load_5m = r->sample.load_15m = 1234.567;
	r->sample.network = (struct host_network){
		UINT64_MAX / 2, UINT64_MAX / 2, UINT64_MAX / 2, UINT64_MAX / 2, 1234567, NAN, NAN, NAN, NAN
	};
	size_t most = 0;
	r->step_ns = 10 * NS_PER_S;
	for (int i = 0; i < 9000; i++) {
		struct client_files_stats stats;
		take(r);
		client_files_stats(r->files, &stats);
		most = stats.bytes > most ? stats.bytes : most;
		assert_int_equal(stats.failed, 0);
	}
	print_message("most bytes in the four files: %zu\n", most);
	assert_true(most <= 256 * 1024);
	DIR *dir = opendir(r->dir);
	uint32_t n = 0;
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	closedir(dir);
	assert_int_equal(n, 4); /* no other file, no rest of a temporary one */
}

static void test_processes(void **state)
{
	struct rig *r = *state;
	const struct host_process processes[] = {
		{ .pid = 23340,
		  .name = VIEW("python3"),
		  .cmdline = VIEW("python3 \"load\".py\t\xff\xc3\xa9\xf0\x9f\x98\x80"),
		  .state = 'S',
		  .cpu_percent = 150.04,
		  .rss_bytes = 25u << 20,
		  .vms_bytes = (31u << 20) + 524288,
		  .threads = 2,
		  .create_time = 1795378212.784 },
		{ .pid = 23341, .name = VIEW("x"), .state = 'Z', .create_time = -1 },
	};
	rig_open(r);
	r->sample.processes = processes;
	r->sample.n_processes = 2;
	take(r);
	load(r, "metrics_live.json");
	json_ref all = member(r, entry_at(r, 0), "processes"), p = member(r, all, "23340");
	assert_true(fabs(number(r, p, "timestamp") - (double)r->sample.t / 1e9) < 1e-5);
	assert_true(raw_is(r, member(r, p, "pid"), "23340"));
	assert_true(raw_is(r, member(r, p, "name"), "python3"));
	assert_true(raw_is(r, member(r, p, "cpu_percent"), "150.0"));
	assert_true(raw_is(r, member(r, p, "memory_rss_mb"), "25.0"));
	assert_true(raw_is(r, member(r, p, "memory_vms_mb"), "31.5"));
	assert_true(raw_is(r, member(r, p, "num_threads"), "2"));
	assert_true(raw_is(r, member(r, p, "status"), "sleeping"));
	assert_true(raw_is(r, member(r, p, "create_time"), "1795378212.78"));
	assert_true(raw_is(r, member(r, p, "cmdline"),
			   "python3 \\\"load\\\".py\\u0009\\ufffd\\u00e9\\ud83d\\ude00"));
	p = member(r, all, "23341");
	assert_true(raw_is(r, member(r, p, "status"), "zombie"));
	assert_true(member(r, p, "cmdline") == JSON_NONE && member(r, p, "create_time") == JSON_NONE);
	/* Only the newest samples have them. */
	take_many(r, 9);
	uint32_t with = 0, n = load(r, "metrics_live.json");
	for (uint32_t i = 0; i < n; i++)
		with += !raw_is(r, member(r, entry_at(r, i), "processes"), "{}");
	assert_int_equal(with, 4);
	assert_false(raw_is(r, member(r, entry_at(r, n - 1), "processes"), "{}"));
}

static void test_a_restart_goes_on(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	take_many(r, 4000);
	client_files_free(r->files);
	rig_open(r);
	uint32_t n = load(r, "metrics_recent.json"); /* before the first sample */
	assert_in_range(n, 60, 300);
	assert_true(fabs(number(r, member(r, entry_at(r, 0), "system"), "timestamp") -
			 ((double)r->sample.t / 1e9 - 3990)) < 130);
	assert_true(fabs(number(r, member(r, entry_at(r, n - 1), "system"), "timestamp") -
			 (double)r->sample.t / 1e9) < 11);
	take(r);
	assert_int_equal(load(r, "metrics_live.json"), 1);
	uint32_t shadow = load(r, "metrics_clock_recent.json");
	assert_int_equal(shadow, n + 1);
	double first = number(r, member(r, entry_at(r, 1), "system"), "timestamp");
	assert_true(fabs(first - ((double)r->sample.mono / 1e6 - 3990)) < 130);
}

static void write_file(struct rig *r, const char *name, const char *text)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_another_boot(void **state)
{
	struct rig *r = *state;
	char text[512];
	snprintf(text, sizeof(text),
		 "[{\"system\":null,\"clock\":\"monotonic\",\"boot_id\":\"00000000-0000-0000-0000-"
		 "000000000000\"},"
		 "{\"system\":{\"timestamp\":900.5,\"cpu_percent\":50,\"memory_percent\":1,\"memory_"
		 "available_mb\":1,\"memory_used_mb\":1},"
		 "\"timestamp\":%lld.5}]",
		 (long long)(clock_wall_ns(&r->clock.clock) / NS_PER_S) - 100);
	write_file(r, "metrics_clock.json", text);
	write_file(r, "metrics_clock_recent.json", text);
	snprintf(text, sizeof(text),
		 "[{\"system\":{\"timestamp\":%lld.5,\"cpu_percent\":50,\"memory_percent\":1,\"memory_"
		 "available_mb\":1,\"memory_used_mb\":1}}]",
		 (long long)(clock_wall_ns(&r->clock.clock) / NS_PER_S) - 100);
	write_file(r, "metrics_live.json", text);
	rig_open(r);
	/* Nothing of the other boot under our clock, but what happened is still known by the wall. */
	assert_int_equal(load(r, "metrics_clock.json"), 1);
	assert_int_equal(load(r, "metrics_clock_recent.json"), 1);
	assert_int_equal(load(r, "metrics_recent.json"), 1);
	take(r);
	assert_int_equal(load(r, "metrics_clock_recent.json"), 1);
	assert_int_equal(load(r, "metrics_clock.json"), 2);
}

static void test_garbage_in_the_files(void **state)
{
	struct rig *r = *state;
	static const char *const garbage[] = {
		"",
		"[",
		"{}",
		"[1,2]",
		"[{\"system\":{}}]",
		"null",
		"[[[[[[",
		"\xff\xfe",
		"[{\"system\":{\"timestamp\":1e300,\"cpu_percent\":1,\"memory_percent\":1,\"memory_available_"
		"mb\":1,\"memory_used_mb\":1}}]",
		"[{\"system\":{\"timestamp\":-5,\"cpu_percent\":1,\"memory_percent\":1,\"memory_available_"
		"mb\":1,\"memory_used_mb\":1}}]",
		"[{\"system\":{\"timestamp\":\"x\",\"cpu_percent\":1,\"memory_percent\":1,\"memory_available_"
		"mb\":1,\"memory_used_mb\":1}}]",
		"[{\"system\":{\"timestamp\":5,\"cpu_percent\":1e99,\"memory_percent\":1,\"memory_available_"
		"mb\":1,\"memory_used_mb\":1}}]",
	};
	static const char *const names[] = { "metrics_live.json", "metrics_recent.json", "metrics_clock.json",
					     "metrics_clock_recent.json" };
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		for (size_t k = 0; k < 4; k++)
			write_file(r, names[k], garbage[i]);
		rig_open(r);
		assert_int_equal(load(r, "metrics_recent.json"), 0);
		take(r);
		assert_int_equal(load(r, "metrics_live.json"), 1);
		client_files_free(r->files);
		r->files = NULL;
	}
}

static void set_age(struct rig *r, const char *name, int64_t seconds)
{
	char path[160];
	struct timespec times[2];
	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= seconds;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool exists(struct rig *r, const char *name)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	return access(path, F_OK) == 0;
}

static void test_the_retention_of_foreign_files(void **state)
{
	struct rig *r = *state;
	char name[64];
	for (int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "metrics_20260101_%06d.json", i);
		write_file(r, name, "[]");
		set_age(r, name, 25 * 3600 + i);
	}
	write_file(r, "metrics_20270101_000000.json", "[]");
	set_age(r, "metrics_20270101_000000.json", 23 * 3600);
	write_file(r, "other.json", "[]");
	set_age(r, "other.json", 1000 * 3600);
	write_file(r, "metrics_notes.txt", "x");
	set_age(r, "metrics_notes.txt", 1000 * 3600);
	rig_open(r);
	take_many(r, 59);
	assert_true(exists(
		r, "metrics_20260101_000079.json")); /* not at once: a client may just have listed it */
	take_many(r, 10);
	for (int i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "metrics_20260101_%06d.json", i);
		assert_false(exists(r, name));
	}
	assert_true(exists(r, "metrics_20270101_000000.json"));
	assert_true(exists(r, "other.json"));
	assert_true(exists(r, "metrics_notes.txt"));
}

static uint32_t count_minutes(struct rig *r, uint32_t *entries)
{
	DIR *dir = opendir(r->dir);
	uint32_t n = 0;
	*entries = 0;
	for (struct dirent *e; (e = readdir(dir));)
		if (strncmp(e->d_name, "metrics_2", 9) == 0) {
			n++;
			*entries += load(r, e->d_name);
		}
	closedir(dir);
	return n;
}

static void test_the_upstream_layout(void **state)
{
	struct rig *r = *state;
	uint32_t entries;
	r->opt.layout = CLIENT_LAYOUT_UPSTREAM;
	rig_open(r);
	take_many(r, 200);
	uint32_t n = count_minutes(r, &entries);
	assert_int_equal(n, 3);
	assert_int_equal(entries, 183); /* 61 each, as upstream has them */
	client_files_free(r->files);    /* what waits is not lost */
	r->files = NULL;
	assert_int_equal(count_minutes(r, &entries), 4);
	assert_int_equal(entries, 200);
}

/* The hour that autumn repeats: names of local time come twice, and no file takes the other's place. */
static void test_the_hour_that_autumn_repeats(void **state)
{
	struct rig *r = *state;
	uint32_t entries;
	char *before = getenv("TZ") ? strdup(getenv("TZ")) : NULL;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	clock_fake_step(&r->clock, INT64_C(1792886400) * NS_PER_S -
					   clock_wall_ns(&r->clock.clock)); /* 2026-10-25, 02:00 in summer */
	r->opt.layout = CLIENT_LAYOUT_UPSTREAM;
	r->opt.upstream_ns = 59 * NS_PER_S; /* 60 samples: the minutes of both hours end at the same second */
	rig_open(r);
	take_many(r, 2 * 3600 - 120);
	assert_int_equal(count_minutes(r, &entries), 118);
	assert_int_equal(entries, 118 * 60);
	assert_true(fabs(number(r, member(r, entry_at(r, load(r, "metrics_live.json") - 1), "system"),
				"timestamp") -
			 (double)r->sample.t / 1e9) < 1e-5);
	if (before)
		setenv("TZ", before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(before);
}

static void test_a_disk_that_refuses(void **state)
{
	struct rig *r = *state;
	struct client_files_stats stats;
	char command[256];
	rig_open(r);
	take(r);
	snprintf(command, sizeof(command), "mv '%s' '%s.away'", r->dir, r->dir);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "mv '%s.away' '%s'", r->dir, r->dir);
	assert_int_equal(system(command), 0);
	take(r); /* the folder is held open: it may move */
	client_files_stats(r->files, &stats);
	assert_int_equal(stats.failed, 0);
	/* A folder stands where the file should: it cannot be replaced, and that is told. */
	snprintf(command, sizeof(command), "cd '%s' && mkdir -p .metrics_live.json.new/x", r->dir);
	assert_int_equal(system(command), 0);
	take(r);
	client_files_stats(r->files, &stats);
	assert_true(stats.failed > 0 && stats.last_error < 0);
	assert_int_equal(load(r, "metrics_live.json"), 2); /* the old one stands */
	snprintf(command, sizeof(command), "cd '%s' && rm -r .metrics_live.json.new", r->dir);
	assert_int_equal(system(command), 0);
	take(r);
	client_files_stats(r->files, &stats);
	assert_int_equal(stats.last_error, 0);
	assert_int_equal(load(r, "metrics_live.json"), 4);
}

static void test_a_folder_that_cannot_be(void **state)
{
	struct rig *r = *state;
	struct err err = { 0 };
	write_file(r, "file", "");
	char path[160];
	snprintf(path, sizeof(path), "%s/file/data", r->dir);
	r->opt.dir = path;
	assert_true(client_files_new(&r->files, &r->opt, &r->clock.clock, NULL, &err) < 0);
	assert_true(strstr(err.text, path) != NULL);
	assert_null(r->files);
}

/* The wall clock goes back: the live file must not look older than the past. */
static void test_the_clock_is_set_back(void **state)
{
	struct rig *r = *state;
	rig_open(r);
	take_many(r, 130);
	char path[160];
	struct timespec times[2];
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec += 3600; /* as it looks after the step */
	times[1] = times[0];
	snprintf(path, sizeof(path), "%s/metrics_recent.json", r->dir);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	clock_fake_step(&r->clock, -3600 * NS_PER_S);
	take(r);
	assert_true(changed(r, "metrics_live.json") > changed(r, "metrics_recent.json"));
	assert_true(fabs(number(r, member(r, entry_at(r, load(r, "metrics_live.json") - 1), "system"),
				"timestamp") -
			 (double)r->sample.t / 1e9) < 1e-5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_entry),
		TEST(test_parts_that_are_missing),
		TEST(test_the_clock_shadow),
		TEST(test_the_live_file_is_the_newest),
		TEST(test_without_the_clock_files),
		TEST(test_no_sample_is_lost_or_doubled),
		TEST(test_a_day_of_long_numbers_stays_small),
		TEST(test_processes),
		TEST(test_a_restart_goes_on),
		TEST(test_another_boot),
		TEST(test_garbage_in_the_files),
		TEST(test_the_retention_of_foreign_files),
		TEST(test_the_upstream_layout),
		TEST(test_the_hour_that_autumn_repeats),
		TEST(test_a_disk_that_refuses),
		TEST(test_a_folder_that_cannot_be),
		TEST(test_the_clock_is_set_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
