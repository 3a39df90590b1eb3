/* config show|check|default and version. */
#include "app/command.h"
#include "app/plan.h"

#include <stdio.h>
#include <string.h>

static const struct cli_flag config_flags[] = { { "json", 0, NULL, "show: one JSON object instead of YAML.",
						  NULL } };

static void print_default(void)
{
	struct buf out;
	buf_init(&out);
	option_write_default_yaml(settings_tables, SECTIONS, &out);
	fputs(buf_str(&out), stdout);
	buf_fini(&out);
}

static void print_settings(struct settings *s, bool json)
{
	struct option_section sections[SECTIONS];
	struct buf out;
	buf_init(&out);
	settings_sections(s, sections);
	if (json) {
		struct jw w = jw_init(&out, JW_INDENT2);
		option_write_json(sections, SECTIONS, &w);
		buf_putc(&out, '\n');
	} else {
		buf_printf(&out, "# %s\n",
			   s->file ? s->file : "no configuration file: defaults, environment and flags");
		option_write_yaml(sections, SECTIONS, &out);
	}
	fputs(buf_str(&out), stdout);
	buf_fini(&out);
}

/* Everything `run` would check before it opens anything. */
static int check(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct plan plan;
	struct plan_source source = { plan_make_native, argc, argv, env };
	struct err err = { 0 };
	plan_init(&plan);
	int rc = plan_make_native(&source, &plan, &err);
	if (rc == 0)
		rc = plan_check(&plan, &err);
	if (rc == 0)
		printf("%s: good\n", plan.settings.file ? plan.settings.file
							: "no configuration file, defaults are in force");
	plan_fini(&plan);
	return rc < 0 ? command_fail(self, 1, &err) : 0;
}

static int run_config(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct err err = { 0 };
	const char *what = argc >= 2 ? argv[1] : "";
	if (strcmp(what, "default") == 0) {
		print_default();
		return 0;
	}
	if (strcmp(what, "check") == 0)
		return check(self, argc - 1, argv + 1, env);
	if (strcmp(what, "show") != 0) {
		err_set(&err, ERR_UNKNOWN, NULL, "say show, check or default");
		return command_fail(self, 2, &err);
	}
	const char *json = NULL, *words[64];
	size_t n_words = 0;
	struct cli_flag flags[] = { { "json", 0, NULL, "", &json } };
	struct settings settings;
	struct arena arena;
	arena_init(&arena, 4096);
	int rc = argc > 64 ? err_set(&err, ERR_FULL, NULL, "too many arguments")
			   : settings_load(&settings, argc - 1, argv + 1, env, flags, 1, words, &n_words,
					   &arena, &err);
	if (rc == 0)
		print_settings(&settings, json != NULL);
	arena_fini(&arena);
	return rc < 0 ? command_fail(self, 1, &err) : 0;
}

static int run_version(const struct command *self, int argc, char **argv, const char *const *env)
{
	(void)self;
	(void)argc;
	(void)argv;
	(void)env;
	puts("auspex " AUSPEX_VERSION);
	return 0;
}

const struct command command_config = {
	"config",
	"show|check|default",
	"Show the configuration in force, check it, or print a commented default file.",
	NULL,
	config_flags,
	1,
	COMMAND_OPTIONS,
	run_config
};
const struct command command_version = { "version", "", "Print the version.", NULL,
					 NULL,      0,  COMMAND_ALONE,        run_version };
