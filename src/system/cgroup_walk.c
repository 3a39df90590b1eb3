#include "cgroups.h"

#include "os/cgroup.h"
#include "os/numbers.h"
#include "os/procfile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT_BONUS 1.5 /* how much busier another must be */

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

static bool read_file(struct cgroup_walk *w, const char *path, const char *file, struct view *text)
{
	struct procfile f = PROCFILE_INIT;
	char name[PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s/%s", path, file);
	int rc = n < (int)sizeof(name) ? procfile_read(&f, w->root, name, w->text) : -ENAMETOOLONG;
	procfile_close(&f);
	*text = (struct view){ w->text->data, w->text->len };
	return rc == 0;
}

static void look(struct cgroup_walk *w, const char *path)
{
	struct cgroup_cpu cpu = { 0 };
	struct view text;
	uint64_t memory = 0;
	if (w->n == CGROUP_LOOKED_MAX) {
		w->left_out++;
		return;
	}
	if (read_file(w, path, "cpu.stat", &text))
		cgroup_cpu_parse(text, &cpu);
	if (read_file(w, path, "memory.current", &text))
		numbers_parse(text, &memory, 1);
	struct cgroup_found *f = &w->found[w->n++];
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->cpu_us = cpu.usage_us;
	f->memory = memory;
}

/* Returns how many groups are right below. */
static int walk(struct cgroup_walk *w, const char *path, int depth)
{
	char name[PATH_MAX];
	struct dirent *entry;
	int n = 0;
	snprintf(name, sizeof(name), "%s/%s", w->root, path);
	DIR *dir = depth < CGROUP_DEPTH ? opendir(name) : NULL;
	while (dir && (entry = readdir(dir))) {
		char below[CGROUP_PATH_MAX];
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		n++;
		int len = snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "", entry->d_name);
		if (len >= (int)sizeof(below) || w->left_out)
			continue;
		int inside = walk(w, below, depth + 1);
		if (inside == 0 || ends_with(below, ".service") || ends_with(below, ".scope"))
			look(w, below);
	}
	if (dir)
		closedir(dir);
	return n;
}

int cgroup_walk(struct cgroup_walk *w)
{
	DIR *dir = opendir(w->root);
	w->n = w->left_out = 0;
	if (!dir)
		return -errno;
	closedir(dir);
	walk(w, "", 0);
	return 0;
}

static const struct cgroup_found *find(const struct cgroup_found *list, size_t n, const char *path,
				       size_t hint)
{
	for (size_t i = 0; i < n; i++) {
		const struct cgroup_found *f = &list[(hint + i) % n];
		if (strcmp(f->path, path) == 0)
			return f;
	}
	return NULL;
}

static int by_score(const void *a, const void *b)
{
	const struct cgroup_found *x = a, *y = b;
	return x->score < y->score ? 1 : x->score > y->score ? -1 : strcmp(x->path, y->path);
}

void cgroup_rank(struct cgroup_walk *w, const struct cgroup_found *before, size_t n_before,
		 bool (*kept)(void *arg, const char *path), void *arg)
{
	double cpu_total = 0, memory_total = 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct cgroup_found *was = find(before, n_before, w->found[i].path, i);
		double used = was && w->found[i].cpu_us >= was->cpu_us
				      ? (double)(w->found[i].cpu_us - was->cpu_us)
				      : 0;
		w->found[i].score = used; /* for now */
		cpu_total += used;
		memory_total += (double)w->found[i].memory;
	}
	for (size_t i = 0; i < w->n; i++) {
		struct cgroup_found *f = &w->found[i];
		f->score = (cpu_total > 0 ? f->score / cpu_total : 0) +
			   (memory_total > 0 ? (double)f->memory / memory_total : 0);
		if (kept(arg, f->path))
			f->score *= KEPT_BONUS;
	}
	qsort(w->found, w->n, sizeof(*w->found), by_score);
}
