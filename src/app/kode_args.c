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

/* As argparse does: "--fore" means --foreground as long as no other option begins like that. The word itself when it is
 * whole already, or nothing that we know; NULL when it could be several. */
static const char *whole_option(const struct cli_flag *flags, size_t n, const char *word, struct arena *arena,
				struct err *err)
{
	size_t len = strcspn(word + 2, "=");
	const struct cli_flag *match = NULL;
	for (size_t i = 0; i < n; i++) {
		if (strncmp(flags[i].name, word + 2, len) != 0)
			continue;
		if (!flags[i].name[len])
			return word;
		if (match) {
			err_set(err, ERR_SYNTAX, NULL, "ambiguous option: %.100s could match --%s, --%s",
				word, match->name, flags[i].name);
			return NULL;
		}
		match = &flags[i];
	}
	const char *whole = match ? arena_printf(arena, "--%s%s", match->name, word + 2 + len) : word;
	return whole ? whole : word;
}

static int expand(const struct cli_flag *flags, size_t n, int argc, char **argv, char **out,
		  struct arena *arena, struct err *err)
{
	bool ended = false;
	for (int i = 0; i < argc; i++) {
		ended = ended || strcmp(argv[i], "--") == 0;
		bool is_long = i > 0 && !ended && strncmp(argv[i], "--", 2) == 0;
		out[i] = is_long ? (char *)whole_option(flags, n, argv[i], arena, err) : argv[i];
		if (!out[i])
			return ERR_SYNTAX;
	}
	return 0;
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
	char **whole = arena_alloc(arena, ((size_t)argc + 1) * sizeof(*whole));
	size_t n = 0, n_flags = sizeof(flags) / sizeof(flags[0]);
	if (!words || !whole)
		return -ENOMEM;
	int rc = expand(flags, n_flags, argc, argv, whole, arena, err);
	if (rc == 0)
		rc = cli_parse(flags, n_flags, NULL, 0, argc, whole, words, &n, arena, err);
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
