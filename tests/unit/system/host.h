/* A host made of files: a root with the kernel's texts in it, a sampler over it, and what it published. */
#ifndef AUSPEX_TESTS_UNIT_SYSTEM_HOST_H
#define AUSPEX_TESTS_UNIT_SYSTEM_HOST_H

#include "support.h"

#include "../../../src/system/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct host {
	char root[64];
	struct arena arena;
	struct system_options opt;
	struct registry *registry;
	struct hub *hub;
	struct clock_fake clock;
	struct sampler *sampler;
	uint64_t tick;
	uint64_t ticks; /* seen on the hub */
	uint32_t n;     /* series of the newest one */
};

static inline void host_note(void *arg, const struct hub_item *item)
{
	struct host *h = arg;
	h->ticks++;
	h->n = item->u.tick.n;
	registry_note(h->registry, &item->u.tick);
}

/* Options at their defaults, every collector off but those named (NULL-terminated). */
static inline void host_start(struct host *h, const char *const *names)
{
	struct err err;
	static const char *const all[] = {
#define X(name, every, help) #name,
		COLLECTOR_MAP(X)
#undef X
	};
	memset(h, 0, sizeof(*h));
	strcpy(h->root, "/tmp/auspex-host-XXXXXX");
	assert_non_null(mkdtemp(h->root));
	arena_init(&h->arena, 0);
	struct option_section section = { &system_option_table, &h->opt };
	assert_int_equal(option_defaults(&section, 1, &h->arena, &err), 0);
	h->opt.proc = arena_printf(&h->arena, "%s/proc", h->root);
	h->opt.sys = arena_printf(&h->arena, "%s/sys", h->root);
	for (size_t i = 0; i < COLLECTORS; i++) {
		bool wanted = false;
		for (const char *const *name = names; *name; name++)
			wanted |= strcmp(*name, all[i]) == 0;
		if (!wanted)
			h->opt.every_ns[i] = 0;
	}
	h->registry = registry_new(10000);
	h->hub = hub_new(1 << 20, NULL, NULL);
	clock_fake_init(&h->clock, INT64_C(1795878000) * NS_PER_S);
	assert_true(hub_subscribe(h->hub, HUB_TICK, host_note, h) >= 0);
}

/* After the options are as the test wants them. */
static inline void host_ready(struct host *h)
{
	struct system_deps deps = { .clock = &h->clock.clock, .hub = h->hub, .registry = h->registry };
	assert_int_equal(sampler_new(&h->sampler, &deps, &h->opt), 0);
}

/* Writes a file below the root; its folders are made. NULL removes it. */
static inline void host_write(const struct host *h, const char *path, const char *text)
{
	char name[512];
	snprintf(name, sizeof(name), "%s/%s", h->root, path);
	if (!text) {
		unlink(name);
		return;
	}
	for (char *slash = strchr(name + strlen(h->root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(name, 0755);
		*slash = '/';
	}
	FILE *f = fopen(name, "r+");
	if (!f)
		f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(ftruncate(fileno(f), (off_t)strlen(text)), 0);
	fclose(f);
}

/* One sample, `ms` after the one before. */
static inline const struct host_sample *host_sample(struct host *h, int64_t ms)
{
	clock_fake_advance(&h->clock, ms * NS_PER_MS);
	sampler_take(h->sampler, h->tick++, clock_wall_ns(&h->clock.clock), clock_mono_us(&h->clock.clock));
	hub_drain(h->hub);
	return sampler_last(h->sampler);
}

/* Newest value of a series if it was measured in the newest sample, else NaN. */
static inline double host_value(const struct host *h, const char *key)
{
	const struct series *s = registry_get(h->registry, registry_find(h->registry, view_of(key)));
	return s && s->last_t == clock_wall_ms(&h->clock.clock) ? s->last_v : NAN;
}

static inline void host_stop(struct host *h)
{
	char command[128];
	sampler_free(h->sampler);
	hub_free(h->hub);
	registry_free(h->registry);
	arena_fini(&h->arena);
	snprintf(command, sizeof(command), "rm -rf '%s'", h->root);
	assert_int_equal(system(command), 0);
}

#endif
