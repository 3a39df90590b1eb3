/* File systems: how full, and whether they answer at all. What is mounted comes from the kernel's table; the file systems themselves are only ever
 * touched by the helper of os/volumes.h. */
#include "collector.h"
#include "instances.h"

#include "os/mounts.h"
#include "os/volumes.h"

#define WAIT_MS 3 /* for answers; a healthy file system needs µs */

enum { PERCENT, USED, AVAILABLE, TOTAL, INODES_PERCENT, READ_ONLY, HUNG, FILESYSTEM_METRICS };
static const struct metric metrics[FILESYSTEM_METRICS] = {
	[PERCENT] = GAUGE("system.filesystem.percent", 2, "percent", "Used share of what programs can have."),
	[USED] = GAUGE("system.filesystem.used", 0, "bytes", "Used space."),
	[AVAILABLE] = GAUGE("system.filesystem.available", 0, "bytes", "Space that programs can have."),
	[TOTAL] = GAUGE("system.filesystem.total", 0, "bytes", "Size of the file system."),
	[INODES_PERCENT] =
		GAUGE("system.filesystem.inodes_percent", 2, "percent", "Used share of the inodes."),
	[READ_ONLY] = GAUGE("system.filesystem.read_only", 0, "", "1: nothing can be written."),
	[HUNG] = GAUGE("system.filesystem.hung", 0, "", "1: it has not answered for more than two seconds."),
};

struct volume {
	struct volumes *volumes;
	int slot;
	bool read_only;
};

static void volume_gone(void *state)
{
	struct volume *v = state;
	if (v->volumes)
		volumes_drop_slot(v->volumes, v->slot);
}

static const struct instances_type volumes_type = {
	.metrics = metrics,
	.n_metrics = FILESYSTEM_METRICS,
	.label = "mount",
	.state_size = sizeof(struct volume),
	.max = VOLUMES_MAX,
	.gone = volume_gone,
};

/* Mounts of this reading, by the number of their file system: further mounts of one are the same space again. */
struct filesystems {
	struct procfile file;
	struct volumes *volumes;
	struct instances seen;
	uint64_t devices[VOLUMES_MAX];
	size_t n_devices;
};

static int filesystem_init(void *state, struct columns *columns)
{
	struct filesystems *s = state;
	(void)columns;
	s->file = (struct procfile)PROCFILE_INIT;
	instances_init(&s->seen, &volumes_type);
	return volumes_new(&s->volumes, NULL);
}

static bool is_again(struct filesystems *s, const struct mount *m)
{
	uint64_t device = m->major << 32 | m->minor;
	for (size_t i = 0; i < s->n_devices; i++)
		if (s->devices[i] == device)
			return true;
	if (s->n_devices < VOLUMES_MAX)
		s->devices[s->n_devices++] = device;
	return false;
}

/* Views of the kernel's own tables: they hold nothing, and to look at some (autofs) makes them do things. */
static const char *const no_space[] = {
	"autofs", "binfmt_misc", "bpf",        "cgroup",     "cgroup2",   "configfs", "debugfs",
	"devpts", "devtmpfs",    "efivarfs",   "fusectl",    "hugetlbfs", "mqueue",   "nsfs",
	"proc",   "pstore",      "rpc_pipefs", "securityfs", "selinuxfs", "sysfs",    "tracefs",
};

static bool has_no_space(struct view type)
{
	for (size_t i = 0; i < sizeof(no_space) / sizeof(no_space[0]); i++)
		if (view_eq(type, view_of(no_space[i])))
			return true;
	return false;
}

static bool is_skipped(const struct system_options *opt, const struct mount *m, struct view point)
{
	if (view_eq(point, VIEW("/"))) /* whatever it is: containers have odd ones */
		return false;
	return has_no_space(m->type) || instances_skip(&opt->skip_filesystems, m->type) ||
	       instances_skip(&opt->skip_mounts, point);
}

static void see(struct filesystems *s, const struct mount *m, struct collect *c)
{
	char path[VOLUME_PATH_MAX];
	size_t n = mount_unescape(m->point, path, sizeof(path));
	struct view point = { path, n };
	if (n == 0 || is_skipped(c->opt, m, point) || is_again(s, m))
		return;
	struct instance *i = instances_see(&s->seen, point);
	struct volume *v = i ? instance_state(i) : NULL;
	if (v && !v->volumes) {
		v->slot = volumes_take_slot(s->volumes);
		if (v->slot >= 0)
			v->volumes = s->volumes;
	}
	if (!v || !v->volumes)
		return;
	v->read_only = m->read_only;
	volumes_ask(s->volumes, v->slot, path);
}

static double share(uint64_t used, uint64_t rest)
{
	return used + rest > 0 ? 100 * (double)used / (double)(used + rest) : NAN;
}

static void emit(struct filesystems *s, struct instance *i, struct collect *c)
{
	struct volume *v = instance_state(i);
	struct volume_use use;
	if (!v->volumes)
		return;
	enum volume_state state = volumes_get(s->volumes, v->slot, &use);
	instance_set(&s->seen, i, c->columns, HUNG, state == VOLUME_HUNG);
	instance_set(&s->seen, i, c->columns, READ_ONLY, v->read_only);
	if (state != VOLUME_KNOWN || use.total == 0 || use.free > use.total)
		return;
	uint64_t used = use.total - use.free;
	double percent = share(used, use.available);
	instance_set(&s->seen, i, c->columns, PERCENT, percent);
	instance_set(&s->seen, i, c->columns, USED, (double)used);
	instance_set(&s->seen, i, c->columns, AVAILABLE, (double)use.available);
	instance_set(&s->seen, i, c->columns, TOTAL, (double)use.total);
	if (use.inodes && use.inodes_free <= use.inodes)
		instance_set(&s->seen, i, c->columns, INODES_PERCENT,
			     share(use.inodes - use.inodes_free, use.inodes_free));
	if (!v->read_only && !(percent <= c->sample->disk_percent))
		c->sample->disk_percent = percent;
}

static int filesystem_read(void *state, struct collect *c)
{
	struct filesystems *s = state;
	struct mount m;
	int rc = procfile_read(&s->file, c->opt->proc, "self/mountinfo", c->text);
	if (rc < 0)
		return rc;
	struct view text = { c->text->data, c->text->len };
	s->n_devices = 0;
	instances_begin(&s->seen);
	while (mount_next(&text, &m))
		see(s, &m, c);
	instances_end(&s->seen, c->columns);
	volumes_wait(s->volumes, WAIT_MS);
	c->sample->disk_percent = NAN;
	for (uint32_t i = 0; i < s->seen.n; i++)
		emit(s, s->seen.items[i], c);
	return 0;
}

static void filesystem_fini(void *state)
{
	struct filesystems *s = state;
	procfile_close(&s->file);
	instances_fini(&s->seen);
	volumes_free(s->volumes);
}

const struct collector_type filesystem_collector = {
	.name = "filesystem",
	.state_size = sizeof(struct filesystems),
	.init = filesystem_init,
	.read = filesystem_read,
	.fini = filesystem_fini,
};
