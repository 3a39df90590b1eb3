/* What a start on a terminal says to the human before it: where the page is, and how to send a first run. */
#include "app/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same_file(const char *path, const struct stat *file)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/* Would a shell that is told `name` run `file`? */
static bool found_in_path(const char *name, const struct stat *file)
{
	const char *dir = getenv("PATH");
	while (dir && *dir) {
		char path[4096];
		size_t len = strcspn(dir, ":");
		snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, name);
		if (access(path, X_OK) == 0)
			return is_same_file(path, file);
		dir += len + (dir[len] == ':');
	}
	return false;
}

/* The word with which another terminal starts this very program: its name where PATH leads to it, else its path. */
static void program_word(char *out, size_t size)
{
	struct stat self;
	size_t len = size;
	if (uv_exepath(out, &len) < 0 || stat(out, &self) < 0 || found_in_path("auspex", &self))
		snprintf(out, size, "auspex");
}

void daemon_greet(const struct daemon *d)
{
	char program[2048], text[4096];
	if (!d->plan->native || d->plan->log_file || !isatty(STDOUT_FILENO))
		return;
	program_word(program, sizeof(program));
	int n = snprintf(
		text, sizeof(text),
		"\n  Page:  http://127.0.0.1:%d/\n"
		"  Try:   %s push --run 'make test' --status failed --attempts 3 --duration 4.2\n"
		"  Or:    echo '{\"command\":\"true\",\"final_status\":\"succeeded\",\"total_attempts\":1,"
		"\"attempts\":[{\"duration_seconds\":0.01,\"exit_code\":0,\"success\":true}]}' | nc -NU %s\n"
		"  Stop:  Ctrl-C\n\n",
		d->http_port, program, d->n_sockets ? unix_listener_path(d->sockets[0]) : "SOCKET");
	if (n > 0 && write(STDOUT_FILENO, text, (size_t)n) < 0)
		return; /* the terminal has gone; the daemon has not */
}
