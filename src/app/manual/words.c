#include "app/manual/manual.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void copy_choices(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%s", text ? text : "");
	for (char *p = out; *p; p++)
		if (*p == '|')
			*p = ' ';
}

static enum word_value value_of(const struct option *row)
{
	switch (row->type) {
	case OPT_T_BOOL:
		return WORD_SWITCH;
	case OPT_T_PATH:
		return WORD_FILE;
	case OPT_T_ENUM:
		return WORD_CHOICES;
	default:
		return WORD_ANY;
	}
}

static void visit_option(const struct option_table *table, const struct option *row, word_visit *visit,
			 void *arg)
{
	struct word w = { .value = value_of(row), .help = row->help };
	/* A switch that is on by default is only ever switched off. */
	bool off = row->type == OPT_T_BOOL && strcmp(row->def, "true") == 0;
	snprintf(w.flag, sizeof(w.flag), "--%s%s%s%s", off ? "no-" : "", table->section,
		 *table->section ? "-" : "", row->key);
	for (char *p = w.flag; *p; p++)
		if (*p == '_')
			*p = '-';
	copy_choices(row->choices, w.choices, sizeof(w.choices));
	visit(arg, &w);
}

static void visit_flag(const struct cli_flag *f, word_visit *visit, void *arg)
{
	struct word w = { .letter = f->letter, .help = f->help };
	snprintf(w.flag, sizeof(w.flag), "--%s", f->name);
	w.value = !f->arg                                                        ? WORD_SWITCH
		  : strcmp(f->arg, "FILE") == 0 || strcmp(f->arg, "SOCKET") == 0 ? WORD_FILE
										 : WORD_ANY;
	visit(arg, &w);
}

void words_of_command(const struct command *c, word_visit *visit, void *arg)
{
	static const struct cli_flag config = { "config", 'c', "FILE", "Configuration file (YAML).", NULL };
	static const struct cli_flag help = { "help", 'h', NULL, "Tell how the command is used.", NULL };
	for (size_t i = 0; i < c->n_flags; i++)
		visit_flag(&c->flags[i], visit, arg);
	if (c->takes != COMMAND_ALONE)
		visit_flag(&config, visit, arg);
	visit_flag(&help, visit, arg);
	for (size_t i = 0; i < SECTIONS && c->takes == COMMAND_OPTIONS; i++)
		for (size_t k = 0; k < settings_tables[i]->n; k++)
			if (!(settings_tables[i]->rows[k].flags & OPT_HIDDEN))
				visit_option(settings_tables[i], &settings_tables[i]->rows[k], visit, arg);
}

void words_of_patienced(word_visit *visit, void *arg)
{
	struct patienced c;
	struct goflag flags[PATIENCED_FLAGS];
	patienced_defaults(&c);
	patienced_flags(&c, flags);
	for (size_t i = 0; i < PATIENCED_FLAGS; i++) {
		struct word w = { .help = flags[i].help };
		snprintf(w.flag, sizeof(w.flag), "-%s", flags[i].name);
		w.value = flags[i].type == GOFLAG_BOOL ? WORD_SWITCH : WORD_ANY;
		if (flags[i].type == GOFLAG_STRING)
			w.value = WORD_FILE; /* paths all, but for the level */
		if (strcmp(flags[i].name, "log-level") == 0) {
			w.value = WORD_CHOICES;
			copy_choices("debug|info|warn|error", w.choices, sizeof(w.choices));
		}
		visit(arg, &w);
	}
}

/* "series|events|KEY": what is in lower case is a word, the rest a description. */
void words_of_arguments(const struct command *c, char *out)
{
	char text[160];
	copy_choices(c->words, text, sizeof(text));
	*out = 0;
	for (char *rest = text, *part; (part = strtok_r(rest, " []", &rest));)
		if (islower((unsigned char)*part))
			sprintf(out + strlen(out), "%s%s", *out ? " " : "", part);
}

bool words_take_file(const struct command *c)
{
	return strstr(c->words, "FILE") != NULL;
}
