/* Temperatures: hwmon chips and thermal zones. Which there are is looked up once a minute; between that their files stay open. */
#include "collector.h"
#include "instances.h"

#include "os/numbers.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define SENSORS_MAX  64
#define SCAN_US      (60 * US_PER_S)
#define CELSIUS(raw) ((double)(raw) / 1000)
#define COLDEST      (-100.0) /* outside: a sensor that is not connected */
#define HOTTEST      250.0

static const struct metric metrics[1] = {
	GAUGE("system.temperature", 1, "celsius", "Temperature, by sensor."),
};
struct sensor {
	bool opened;
	struct procfile file;
	char path[160]; /* below the device root */
};

static void sensor_gone(void *state)
{
	struct sensor *s = state;
	if (s->opened)
		procfile_close(&s->file);
}

static const struct instances_type sensors_type = {
	.metrics = metrics,
	.n_metrics = 1,
	.label = "sensor",
	.state_size = sizeof(struct sensor),
	.max = SENSORS_MAX,
	.gone = sensor_gone,
};

struct sensors {
	struct instances seen;
	mono_us scan_at;
};

static int sensors_init(void *state, struct columns *columns)
{
	struct sensors *s = state;
	(void)columns;
	instances_init(&s->seen, &sensors_type);
	return 0;
}

/* The first line of a file, "" when there is none. */
static void read_word(struct collect *c, const char *path, char *out, size_t size)
{
	struct procfile f = PROCFILE_INIT;
	struct view v = { NULL, 0 };
	if (procfile_read(&f, c->opt->sys, path, c->text) == 0)
		v = view_trim((struct view){ c->text->data, c->text->len });
	procfile_close(&f);
	snprintf(out, size, "%.*s", (int)v.len, v.len ? v.data : "");
}

/* Two chips of one kind have the same names: the second one gets a number. */
static void add(struct sensors *s, const char *name, const char *path)
{
	char text[INSTANCE_NAME_MAX];
	struct sensor *sensor = NULL;
	for (int number = 1; number < 10 && !sensor; number++) {
		int n = number == 1 ? snprintf(text, sizeof(text), "%s", name)
				    : snprintf(text, sizeof(text), "%s #%d", name, number);
		struct instance *i = n < (int)sizeof(text) ? instances_see(&s->seen, view_of(text)) : NULL;
		if (!i)
			return;
		sensor = instance_state(i);
		if (sensor->opened && strcmp(sensor->path, path) != 0)
			sensor = NULL;
	}
	if (!sensor || sensor->opened)
		return;
	sensor->opened = true;
	sensor->file = (struct procfile)PROCFILE_INIT;
	snprintf(sensor->path, sizeof(sensor->path), "%s", path);
}

static void scan_chip(struct sensors *s, const char *chip, struct collect *c)
{
	char path[PATH_MAX], name[64], label[64], text[160];
	struct dirent *entry;
	snprintf(path, sizeof(path), "class/hwmon/%s/name", chip);
	read_word(c, path, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/class/hwmon/%s", c->opt->sys, chip);
	DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		unsigned number;
		int end = 0;
		if (sscanf(entry->d_name, "temp%u_input%n", &number, &end) != 1 || entry->d_name[end] || !end)
			continue;
		snprintf(path, sizeof(path), "class/hwmon/%s/temp%u_label", chip, number);
		read_word(c, path, label, sizeof(label));
		if (!*label)
			snprintf(label, sizeof(label), "temp%u", number);
		snprintf(text, sizeof(text), "%s %s", *name ? name : chip, label);
		snprintf(path, sizeof(path), "class/hwmon/%s/temp%u_input", chip, number);
		add(s, text, path);
	}
	if (dir)
		closedir(dir);
}

static void scan_zone(struct sensors *s, const char *zone, struct collect *c)
{
	char path[PATH_MAX], type[64], text[160];
	snprintf(path, sizeof(path), "class/thermal/%s/type", zone);
	read_word(c, path, type, sizeof(type));
	snprintf(text, sizeof(text), "thermal %s", *type ? type : zone);
	snprintf(path, sizeof(path), "class/thermal/%s/temp", zone);
	add(s, text, path);
}

static void scan_class(struct sensors *s, const char *class, const char *prefix, struct collect *c,
		       void (*scan)(struct sensors *s, const char *name, struct collect *c))
{
	char path[PATH_MAX];
	struct dirent *entry;
	snprintf(path, sizeof(path), "%s/class/%s", c->opt->sys, class);
	DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			scan(s, entry->d_name, c);
	if (dir)
		closedir(dir);
}

static int sensors_read(void *state, struct collect *c)
{
	struct sensors *s = state;
	if (c->mono >= s->scan_at) {
		s->scan_at = c->mono + SCAN_US;
		instances_begin(&s->seen);
		scan_class(s, "hwmon", "hwmon", c, scan_chip);
		scan_class(s, "thermal", "thermal_zone", c, scan_zone);
		instances_end(&s->seen, c->columns);
	}
	for (uint32_t i = 0; i < s->seen.n; i++) {
		struct sensor *sensor = instance_state(s->seen.items[i]);
		int64_t raw;
		if (procfile_read(&sensor->file, c->opt->sys, sensor->path, c->text) < 0 ||
		    number_parse_signed((struct view){ c->text->data, c->text->len }, &raw) < 0)
			continue;
		double t = CELSIUS(raw);
		instance_set(&s->seen, s->seen.items[i], c->columns, 0, t > COLDEST && t < HOTTEST ? t : NAN);
	}
	return s->seen.n ? 0 : -ENOENT;
}

static void sensors_fini(void *state)
{
	struct sensors *s = state;
	instances_fini(&s->seen);
}

const struct collector_type sensors_collector = {
	.name = "sensors",
	.state_size = sizeof(struct sensors),
	.init = sensors_init,
	.read = sensors_read,
	.fini = sensors_fini,
};
