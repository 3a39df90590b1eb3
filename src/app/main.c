/* auspex: one binary, several names. */
#include "app/command.h"
#include "app/kode.h"
#include "app/patienced.h"

#include <stdio.h>
#include <string.h>

extern char **environ;

static const struct command *const commands[] = {
#define X(name) &command_##name,
	COMMANDS(X)
#undef X
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Programs whose place we take, by the name we are called with. */
static const struct personality {
	const char *name;
	int (*main)(int argc, char **argv, const char *const *env);
	const char *summary;
} personalities[] = {
	{ "patienced", patienced_main, "retry metrics and rate-limit slots (the patience daemon)" },
	{ "kode-kronical-daemon", kode_main, "samples of the host for timed programs (kode-kronical)" },
};
#define N_PERSONALITIES (sizeof(personalities) / sizeof(personalities[0]))

static const struct personality *find_personality(const char *name)
{
	for (size_t i = 0; i < N_PERSONALITIES; i++)
		if (strcmp(personalities[i].name, name) == 0)
			return &personalities[i];
	return NULL;
}

static void usage(FILE *out)
{
	fputs("Usage: auspex COMMAND [options]\n"
	      "       auspex as NAME [that program's options]\n\n"
	      "Watches a host and says what changed, why, and what comes next.\n\nCommands:\n",
	      out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nProgram names it answers to (auspex as NAME, or a link of that name):\n", out);
	for (size_t i = 0; i < N_PERSONALITIES; i++)
		fprintf(out, "  %-20s  %s\n", personalities[i].name, personalities[i].summary);
	fputs("\nauspex COMMAND --help tells more. Without configuration, `auspex run` serves "
	      "http://127.0.0.1:8080/.\n",
	      out);
}

static void command_usage(const struct command *c)
{
	struct buf text;
	buf_init(&text);
	buf_printf(&text, "Usage: auspex %s %s%s[options]\n\n%s\n", c->name, c->words, *c->words ? " " : "",
		   c->summary);
	if (c->details)
		buf_printf(&text, "\n%s", c->details);
	static const struct cli_flag config = { "config", 'c', "FILE", "Configuration file (YAML).", NULL };
	if (c->n_flags || c->takes != COMMAND_ALONE)
		buf_puts(&text, "\nOptions:\n");
	cli_usage(c->flags, c->n_flags, &text);
	if (c->takes != COMMAND_ALONE)
		cli_usage(&config, 1, &text);
	for (size_t i = 0; i < SECTIONS && c->takes == COMMAND_OPTIONS; i++)
		cli_usage_options(settings_tables[i], &text);
	if (c->takes == COMMAND_CONFIG)
		buf_puts(
			&text,
			"\nThe options of `auspex run` are taken as well: they say which daemon is meant.\n");
	fputs(buf_str(&text), stdout);
	buf_fini(&text);
}

int command_fail(const struct command *self, int status, const struct err *err)
{
	fprintf(stderr, "auspex %s: %s%s%s\n", self->name, err->place, *err->place ? ": " : "", err->text);
	return status;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int run_command(int argc, char **argv, const char *const *env)
{
	const char *names[N_COMMANDS];
	for (size_t i = 0; i < N_COMMANDS; i++) {
		names[i] = commands[i]->name;
		if (strcmp(argv[0], names[i]) != 0)
			continue;
		if (wants_help(argc, argv)) {
			command_usage(commands[i]);
			return 0;
		}
		return commands[i]->run(commands[i], argc, argv, env);
	}
	const char *near = text_nearest(view_of(argv[0]), names, N_COMMANDS);
	fprintf(stderr, "auspex: unknown command \"%s\"%s%s%s; auspex --help lists them\n", argv[0],
		near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
	return 2;
}

int main(int argc, char **argv)
{
	const char *const *env = (const char *const *)environ;
	const char *base = argc ? strrchr(argv[0], '/') : NULL;
	const struct personality *p = argc ? find_personality(base ? base + 1 : argv[0]) : NULL;
	if (p)
		return p->main(argc, argv, env);
	if (argc >= 2 && strcmp(argv[1], "as") == 0) {
		p = argc >= 3 ? find_personality(argv[2]) : NULL;
		if (p)
			return p->main(argc - 2, argv + 2, env);
		fprintf(stderr,
			"auspex as: %s%s; known names:", argc >= 3 ? "unknown program " : "name a program",
			argc >= 3 ? argv[2] : "");
		for (size_t i = 0; i < N_PERSONALITIES; i++)
			fprintf(stderr, " %s", personalities[i].name);
		fputs("\n", stderr);
		return 2;
	}
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("auspex " AUSPEX_VERSION);
		return 0;
	}
	return run_command(argc - 1, argv + 1, env);
}
