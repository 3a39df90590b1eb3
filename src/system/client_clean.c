/* What is older than the retention leaves, seldom and oldest first: a client that has just listed a file fails when it is gone. */
#include "client_files_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT_A_TIME 32u
#define NAME_MOST 64

struct old {
	int64_t changed_s;
	char name[NAME_MOST];
};

static bool is_ours(const char *name)
{
	for (int i = 0; i < CLIENT_FILES; i++)
		if (strcmp(name, client_file_names[i]) == 0)
			return true;
	return false;
}

/* Keeps the oldest ones, sorted. */
static void keep_oldest(struct old *list, unsigned *n, const char *name, int64_t changed_s)
{
	if (*n == AT_A_TIME && list[*n - 1].changed_s <= changed_s)
		return;
	unsigned at = *n < AT_A_TIME ? (*n)++ : AT_A_TIME - 1;
	for (; at > 0 && list[at - 1].changed_s > changed_s; at--)
		list[at] = list[at - 1];
	list[at].changed_s = changed_s;
	snprintf(list[at].name, NAME_MOST, "%s", name);
}

static unsigned find_old(struct client_files *f, wall_ns now, struct old *list)
{
	int64_t before_s = (now - f->opt.retention_ns) / NS_PER_S;
	unsigned n = 0;
	struct dirent *e;
	struct stat st;
	DIR *dir = opendir(f->opt.dir);
	while (dir && (e = readdir(dir))) {
		if (strlen(e->d_name) >= NAME_MOST || fnmatch("metrics_*.json", e->d_name, FNM_PERIOD) != 0 ||
		    is_ours(e->d_name))
			continue;
		if (fstatat(f->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    (int64_t)st.st_mtime < before_s)
			keep_oldest(list, &n, e->d_name, (int64_t)st.st_mtime);
	}
	if (dir)
		closedir(dir);
	return n;
}

unsigned client_files_clean(struct client_files *f, wall_ns now)
{
	struct old list[AT_A_TIME];
	char text[640];
	unsigned n = find_old(f, now, list), removed = 0;
	for (unsigned i = 0; i < n; i++) {
		if (unlinkat(f->dir, list[i].name, 0) < 0)
			continue;
		removed++;
		snprintf(text, sizeof(text), "Deleted old metrics file: %s/%s", f->opt.dir, list[i].name);
		LOG(f->log, LOG_INFO, "system", text);
	}
	return removed;
}
