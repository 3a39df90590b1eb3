/* A recorded hour of a host, played several times over: the texts of the kernel go through the collectors, their series through the built-in alert rules.
 * Time is what the record says; nobody waits.
 *
 *     host_trace.py texts FILE | host_day HOURS
 *
 * Prints a line "fired NAME SERIES" per alert, at the end "samples N series N ticks N".
 */
#include "alert/engine.h"
#include "app/default_rules.h"
#include "series/hub.h"
#include "system/system.h"

#include "../../src/system/sampler.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 32

struct text {
	char *data;
	size_t len;
};
struct second {
	wall_ms t;
	struct text files[FILES_MAX]; /* data NULL: not in this second */
};
struct day {
	char root[256];
	char names[FILES_MAX][64];
	int fds[FILES_MAX];
	int n_files;
	struct second *seconds;
	size_t n, cap;
	struct registry *registry;
	struct alert_engine *engine;
	struct alert_now now;
	uint64_t ticks, fired;
};

static void fail(const char *what)
{
	fprintf(stderr, "host_day: %s\n", what);
	exit(2);
}

/* The number of a file of the record; its file is made when it first comes. */
static int file_of(struct day *d, const char *name)
{
	char path[400];
	for (int i = 0; i < d->n_files; i++)
		if (strcmp(d->names[i], name) == 0)
			return i;
	if (d->n_files == FILES_MAX)
		fail("too many files");
	snprintf(path, sizeof(path), "%s/%s", d->root, name);
	for (char *slash = strchr(path + strlen(d->root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
	snprintf(d->names[d->n_files], sizeof(d->names[0]), "%s", name);
	d->fds[d->n_files] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (d->fds[d->n_files] < 0)
		fail("cannot make a file");
	return d->n_files++;
}

static void read_record(struct day *d)
{
	static char line[256], name[64];
	struct second *at = NULL;
	size_t len;
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%zu %63s", &len, name) == 2 && at) {
			struct text *t = &at->files[file_of(d, name)];
			t->data = malloc(len + 1);
			t->len = len;
			if (!t->data || fread(t->data, 1, len, stdin) != len)
				fail("the record is cut short");
			continue;
		}
		if (d->n == d->cap) {
			d->cap = d->cap ? d->cap * 2 : 1024;
			d->seconds = realloc(d->seconds, d->cap * sizeof(*d->seconds));
			if (!d->seconds)
				fail("out of memory");
		}
		at = &d->seconds[d->n++];
		memset(at, 0, sizeof(*at));
		at->t = strtoll(line, NULL, 10);
	}
	if (d->n < 2)
		fail("nothing to play; see host_trace.py");
}

static void show(struct day *d, const struct second *s)
{
	for (int i = 0; i < d->n_files; i++)
		if (s->files[i].data && (pwrite(d->fds[i], s->files[i].data, s->files[i].len, 0) < 0 ||
					 ftruncate(d->fds[i], (off_t)s->files[i].len) < 0))
			fail("cannot write a file");
}

static void on_item(void *arg, const struct hub_item *item)
{
	struct day *d = arg;
	d->ticks++;
	registry_note(d->registry, &item->u.tick);
	alert_engine_tick(d->engine, &item->u.tick, &d->now);
}

static void on_alert(void *arg, struct alert *a, enum alert_change change, const struct alert_now *now)
{
	struct day *d = arg;
	if (change != ALERT_FIRED)
		return;
	d->fired++;
	printf("fired %.*s | %.*s | %g | %lld\n", (int)a->name.len, a->name.data, (int)a->series.len,
	       a->series.data, a->value, (long long)(now->mono / US_PER_S));
}

static void add_rules(struct day *d, struct arena *arena)
{
	struct err err;
	struct option_list none = { NULL, 0 };
	struct alert_rules rules = { NULL, 0 };
	if (default_rules_add(&rules, &none, arena, &err) < 0)
		fail(err.text);
	for (size_t i = 0; i < rules.n; i++)
		if (alert_engine_set_rule(d->engine, &rules.items[i], &d->now) < 0)
			fail("a rule is not taken");
}

static void play(struct day *d, struct sampler *sampler, struct hub *hub, struct clock_fake *clock, int hours)
{
	uint64_t tick = 0;
	for (int hour = 0; hour < hours; hour++)
		for (size_t i = 0; i < d->n; i++) {
			wall_ms step = i ? d->seconds[i].t - d->seconds[i - 1].t : MS_PER_S;
			show(d, &d->seconds[i]);
			clock_fake_advance(clock, step * NS_PER_MS);
			d->now = (struct alert_now){ clock_wall_ms(&clock->clock),
						     clock_mono_us(&clock->clock) };
			sampler_take(sampler, tick++, clock_wall_ns(&clock->clock), d->now.mono);
			hub_drain(hub);
			alert_engine_sweep(d->engine, &d->now);
		}
	printf("samples %llu series %u ticks %llu\n", (unsigned long long)tick, registry_count(d->registry),
	       (unsigned long long)d->ticks);
}

int main(int argc, char **argv)
{
	static struct day d;
	struct arena arena;
	struct err err;
	struct clock_fake clock;
	struct system_options opt;
	struct sampler *sampler = NULL;
	char command[300];
	const char *base = getenv("TMPDIR");
	snprintf(d.root, sizeof(d.root), "%.200s/auspex-day-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(d.root))
		fail("no temporary directory");
	read_record(&d);
	arena_init(&arena, 0);
	struct option_section section = { &system_option_table, &opt };
	if (option_defaults(&section, 1, &arena, &err) < 0)
		fail(err.text);
	opt.proc = opt.sys = d.root;
	opt.every_ns[COLLECTOR_processes] = 0;
	struct hub *hub = hub_new(1 << 20, NULL, NULL);
	d.registry = registry_new(10000);
	clock_fake_init(&clock, d.seconds[0].t * NS_PER_MS);
	d.now = (struct alert_now){ clock_wall_ms(&clock.clock), clock_mono_us(&clock.clock) };
	d.engine = alert_engine_new(d.registry, NULL, on_alert, &d);
	struct system_deps deps = { .clock = &clock.clock, .hub = hub, .registry = d.registry };
	if (!hub || !d.engine || hub_subscribe(hub, HUB_TICK, on_item, &d) < 0 ||
	    sampler_new(&sampler, &deps, &opt) < 0)
		fail("out of memory");
	add_rules(&d, &arena);
	play(&d, sampler, hub, &clock, argc > 1 ? atoi(argv[1]) : 1);
	sampler_free(sampler);
	alert_engine_free(d.engine);
	hub_free(hub);
	registry_free(d.registry);
	arena_fini(&arena);
	for (size_t i = 0; i < d.n; i++)
		for (int k = 0; k < FILES_MAX; k++)
			free(d.seconds[i].files[k].data);
	free(d.seconds);
	snprintf(command, sizeof(command), "rm -rf '%s'", d.root);
	return system(command) != 0;
}
