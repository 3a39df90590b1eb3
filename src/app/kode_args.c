/* The command line of the kode-kronical daemon: options before or after the command. */
#include "app/kode.h"

#include <errno.h>
#include <string.h>

const char *const kode_commands[] = { "start", "stop", "restart", "status", "install", "config", NULL };

const struct cli_flag kode_flags[] = {
	{ "config", 'c', "CONFIG", "Path to the configuration file.", NULL },
	{ "user", 0, NULL, "For config and install: of this user.", NULL },
	{ "system", 0, NULL, "For config and install: of the machine; needs root.", NULL },
	{ "foreground", 0, NULL, "Do not go to the background.", NULL },
	{ "debug", 0, NULL, "Log everything.", NULL },
	{ "help", 'h', NULL, "Show this help and exit.", NULL },
};
const size_t kode_n_flags = sizeof(kode_flags) / sizeof(kode_flags[0]);

static const char *known_command(const char *word)
{
	for (size_t i = 0; kode_commands[i]; i++)
		if (strcmp(kode_commands[i], word) == 0)
			return kode_commands[i];
	return NULL;
}

static int wrong_command(const char *word, struct err *err)
{
	char list[128] = "";
	for (size_t i = 0; kode_commands[i]; i++) {
		strcat(list, i ? ", '" : "'");
		strcat(list, kode_commands[i]);
		strcat(list, "'");
	}
	return err_set(err, ERR_UNKNOWN, NULL, "argument command: invalid choice: '%.100s' (choose from %s)",
		       word, list);
}

int kode_parse_args(int argc, char **argv, struct kode_args *out, struct arena *arena, struct err *err)
{
	const char *user = NULL, *system = NULL, *foreground = NULL, *no_daemon = NULL, *debug = NULL,
		   *help = NULL;
	memset(out, 0, sizeof(*out));
	const struct cli_flag flags[] = {
		{ "config", 'c', "CONFIG", "", &out->config },
		{ "user", 0, NULL, "", &user },
		{ "system", 0, NULL, "", &system },
		{ "foreground", 0, NULL, "", &foreground },
		{ "no-daemon", 0, NULL, "", &no_daemon },
		{ "debug", 0, NULL, "", &debug },
		{ "help", 'h', NULL, "", &help },
	};
	const char **words = arena_alloc(arena, ((size_t)argc + 1) * sizeof(*words));
	size_t n = 0;
	if (!words)
		return -ENOMEM;
	int rc = cli_parse(flags, sizeof(flags) / sizeof(flags[0]), NULL, 0, argc, argv, words, &n, arena,
			   err);
	out->help = help != NULL;
	if (rc < 0 || out->help)
		return rc;
	out->user = user != NULL;
	out->system = system != NULL;
	out->foreground = foreground || no_daemon;
	out->debug = debug != NULL;
	if (n == 0)
		return err_set(err, ERR_MISSING, NULL, "the following arguments are required: command");
	out->command = known_command(words[0]);
	if (!out->command)
		return wrong_command(words[0], err);
	return n > 1 ? err_set(err, ERR_SYNTAX, NULL, "unrecognized arguments: %.100s", words[1]) : 0;
}
