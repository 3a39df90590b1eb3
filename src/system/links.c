/* Links of network interfaces: up or down, how fast, how often that changed. */
#include "collector.h"
#include "instances.h"

#include "os/numbers.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define LINKS_MAX 64

enum { UP, SPEED, CHANGES, LINK_METRICS };
static const struct metric metrics[LINK_METRICS] = {
	[UP] = GAUGE("system.interface.up", 0, "",
		     "1 while the link is up; of interfaces that were up once."),
	[SPEED] = GAUGE("system.interface.speed", 0, "bit/s", "Speed of the link."),
	[CHANGES] = COUNTER("system.interface.carrier_changes", 0, "", "How often the link came or went."),
};

enum { FILE_STATE, FILE_SPEED, FILE_CHANGES, FILES };
static const char *const names[FILES] = { "operstate", "speed", "carrier_changes" };

struct link {
	bool opened, was_up;
	struct procfile files[FILES];
};

static void link_gone(void *state)
{
	struct link *l = state;
	for (size_t i = 0; l->opened && i < FILES; i++)
		procfile_close(&l->files[i]);
}

static const struct instances_type links_type = {
	.metrics = metrics,
	.n_metrics = LINK_METRICS,
	.label = "interface",
	.state_size = sizeof(struct link),
	.max = LINKS_MAX,
	.gone = link_gone,
};

struct links {
	struct instances seen;
};

static int links_init(void *state, struct columns *columns)
{
	struct links *s = state;
	(void)columns;
	instances_init(&s->seen, &links_type);
	return 0;
}

static bool read_text(struct link *l, int file, const char *name, struct collect *c, struct view *text)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "class/net/%s/%s", name, names[file]);
	if (procfile_read(&l->files[file], c->opt->sys, path, c->text) < 0)
		return false;
	*text = view_trim((struct view){ c->text->data, c->text->len });
	return text->len > 0;
}

static double read_number(struct link *l, int file, const char *name, struct collect *c)
{
	struct view text;
	int64_t v;
	return read_text(l, file, name, c, &text) && number_parse_signed(text, &v) == 0 && v >= 0 ? (double)v
												  : NAN;
}

static void see(struct links *s, const char *name, struct collect *c)
{
	struct instance *i = instances_see(&s->seen, view_of(name));
	struct view state;
	if (!i)
		return;
	struct link *l = instance_state(i);
	for (size_t f = 0; !l->opened && f < FILES; f++)
		l->files[f] = (struct procfile)PROCFILE_INIT;
	l->opened = true;
	if (!read_text(l, FILE_STATE, name, c, &state))
		return;
	bool up = view_eq(state, VIEW("up"));
	l->was_up |= up;
	if (!l->was_up) /* tunnels and lo are "unknown" for ever; ports without a cable stay down */
		return;
	instance_set(&s->seen, i, c->columns, UP, up);
	instance_set(&s->seen, i, c->columns, SPEED, up ? read_number(l, FILE_SPEED, name, c) * 1e6 : NAN);
	instance_set(&s->seen, i, c->columns, CHANGES, read_number(l, FILE_CHANGES, name, c));
}

static int links_read(void *state, struct collect *c)
{
	struct links *s = state;
	struct dirent *entry;
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/class/net", c->opt->sys);
	DIR *dir = opendir(path);
	if (!dir)
		return -errno;
	instances_begin(&s->seen);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    !instances_skip(&c->opt->skip_interfaces, view_of(entry->d_name)))
			see(s, entry->d_name, c);
	closedir(dir);
	instances_end(&s->seen, c->columns);
	return 0;
}

static void links_fini(void *state)
{
	struct links *s = state;
	instances_fini(&s->seen);
}

const struct collector_type links_collector = {
	.name = "links",
	.state_size = sizeof(struct links),
	.init = links_init,
	.read = links_read,
	.fini = links_fini,
};
