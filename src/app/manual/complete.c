/* Completions for bash, zsh and fish. */
#include "app/manual/manual.h"

#include <stdio.h>
#include <string.h>

static void put_names(struct buf *out)
{
	for (size_t i = 0; manual_commands[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "", manual_commands[i]->name);
	buf_puts(out, " as help");
}

/* Text inside single quotes, where the shell has no escape; `extra` are characters that get a backslash. */
static void put_quoted(struct buf *out, const char *text, const char *extra)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_puts(out, "\xe2\x80\x99"); /* a typographic apostrophe reads as well */
		else if (strchr(extra, *text))
			buf_printf(out, "\\%c", *text);
		else
			buf_putc(out, *text);
	}
}

/* --- bash --------------------------------------------------------------------------------------------------------- */

static void bash_flag(void *arg, const struct word *w)
{
	buf_printf(arg, " %s", w->flag);
	if (w->letter)
		buf_printf(arg, " -%c", w->letter);
}

static void bash_value(void *arg, const struct word *w)
{
	char letter[8] = "";
	if (w->letter)
		snprintf(letter, sizeof(letter), "|-%c", w->letter);
	if (w->value == WORD_FILE)
		buf_printf(arg, "\t\t%s%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", w->flag,
			   letter);
	else if (w->value == WORD_CHOICES)
		buf_printf(arg, "\t\t%s%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", w->flag,
			   letter, w->choices);
	else if (w->value == WORD_ANY)
		buf_printf(arg, "\t\t%s%s) return ;;\n", w->flag, letter);
}

static void bash_command(struct buf *out, const struct command *c)
{
	char arguments[160];
	words_of_arguments(c, arguments);
	buf_printf(out, "\t%s)\n\t\tcase $prev in\n", c->name);
	words_of_command(c, bash_value, out);
	buf_puts(out, "\t\tesac\n\t\tflags='");
	words_of_command(c, bash_flag, out);
	buf_printf(out, "'\n\t\twords='%s'\n", arguments);
	if (words_take_file(c))
		buf_puts(out, "\t\tfiles=1\n");
	buf_puts(out, "\t\t;;\n");
}

void manual_write_bash_patienced(struct buf *out)
{
	buf_puts(out, "# bash completion for patienced, written by the build\n_patienced() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
		      "prev=${COMP_WORDS[COMP_CWORD-1]}\n\tCOMPREPLY=()\n\tcase $prev in\n");
	words_of_patienced(bash_value, out);
	buf_puts(out, "\tesac\n\tCOMPREPLY=($(compgen -W '");
	words_of_patienced(bash_flag, out);
	buf_puts(out, "' -- \"$cur\"))\n} && complete -o filenames -F _patienced patienced\n");
}

/* --- the kode-kronical daemon: a command and its options in any order ------------------------------------------------- */

void manual_write_bash_kode(struct buf *out)
{
	buf_puts(out,
		 "# bash completion for kode-kronical-daemon, written by the build\n_kode_kronical_daemon() "
		 "{\n"
		 "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\tCOMPREPLY=()\n"
		 "\tcase $prev in\n\t-c|--config) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n\tesac\n"
		 "\tCOMPREPLY=($(compgen -W '");
	for (size_t i = 0; kode_commands[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "", kode_commands[i]);
	for (size_t i = 0; i < kode_n_flags; i++)
		buf_printf(out, " --%s", kode_flags[i].name);
	buf_puts(out, "' -- \"$cur\"))\n} && complete -o filenames -F _kode_kronical_daemon "
		      "kode-kronical-daemon\n");
}

static void zsh_kode(struct buf *out)
{
	buf_puts(out, "_kode_kronical_daemon() {\n\t_arguments \\\n");
	for (size_t i = 0; i < kode_n_flags; i++) {
		buf_printf(out, "\t\t'--%s[", kode_flags[i].name);
		put_quoted(out, kode_flags[i].help, "[]:\\");
		buf_puts(out, kode_flags[i].arg ? "]:file:_files' \\\n" : "]' \\\n");
	}
	buf_puts(out, "\t\t'1:command:(");
	for (size_t i = 0; kode_commands[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "", kode_commands[i]);
	buf_puts(out, ")' \\\n\t\t&& return\n}\n");
}

static void fish_kode(struct buf *out)
{
	buf_puts(out, "complete -c kode-kronical-daemon -f\ncomplete -c kode-kronical-daemon -a '");
	for (size_t i = 0; kode_commands[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "", kode_commands[i]);
	buf_puts(out, "'\n");
	for (size_t i = 0; i < kode_n_flags; i++) {
		buf_printf(out, "complete -c kode-kronical-daemon -l %s%s -d '", kode_flags[i].name,
			   kode_flags[i].arg ? " -r -F" : "");
		put_quoted(out, kode_flags[i].help, "\\");
		buf_puts(out, "'\n");
	}
}

void manual_write_bash(struct buf *out)
{
	buf_puts(out, "# bash completion for auspex, written by the build\n_auspex() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} flags= words= "
		      "files=\n\tCOMPREPLY=()\n"
		      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '");
	put_names(out);
	buf_puts(out, " --help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n"
		      "\tas) [ \"$COMP_CWORD\" -ne 2 ] || words='patienced kode-kronical-daemon' ;;\n");
	for (size_t i = 0; manual_commands[i]; i++)
		bash_command(out, manual_commands[i]);
	buf_puts(out, "\tesac\n\tcase $cur in\n\t-*) COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\")) ;;\n"
		      "\t*)\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		      "\t\t[ -z \"$files\" ] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n\t\t;;\n\tesac\n"
		      "} && complete -o filenames -F _auspex auspex\n");
}

/* --- zsh ---------------------------------------------------------------------------------------------------------- */

static void zsh_word(void *arg, const struct word *w)
{
	static const char *const action[] = { "", ":file:_files", ":choice:(", ":value:" };
	struct buf *out = arg;
	if (w->letter)
		buf_printf(out, "\t\t'(-%c %s)'{-%c,%s}'[", w->letter, w->flag, w->letter, w->flag);
	else
		buf_printf(out, "\t\t'%s[", w->flag);
	put_quoted(out, w->help, "[]:\\");
	buf_printf(out, "]%s", action[w->value]);
	if (w->value == WORD_CHOICES)
		buf_printf(out, "%s)", w->choices);
	buf_puts(out, "' \\\n");
}

void manual_write_zsh(struct buf *out)
{
	char arguments[160];
	buf_puts(out, "#compdef auspex patienced kode-kronical-daemon\n# zsh completion, written by the "
		      "build\n_patienced() "
		      "{\n\t_arguments \\\n");
	words_of_patienced(zsh_word, out);
	buf_puts(out, "\t\t&& return\n}\n");
	zsh_kode(out);
	buf_puts(out, "_auspex() {\n\tlocal -a commands=(\n");
	for (size_t i = 0; manual_commands[i]; i++) {
		buf_printf(out, "\t\t'%s:", manual_commands[i]->name);
		put_quoted(out, manual_commands[i]->summary, ":\\");
		buf_puts(out, "'\n");
	}
	buf_puts(out, "\t\t'as:Be another program.'\n\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe "
		      "command commands\n\t\treturn\n\tfi\n"
		      "\tlocal command=${words[2]}\n\tshift words\n\t(( CURRENT-- ))\n\tcase $command "
		      "in\n\tas) _values program patienced kode-kronical-daemon ;;\n");
	for (size_t i = 0; manual_commands[i]; i++) {
		words_of_arguments(manual_commands[i], arguments);
		buf_printf(out, "\t%s) _arguments \\\n", manual_commands[i]->name);
		words_of_command(manual_commands[i], zsh_word, out);
		if (*arguments)
			buf_printf(out, "\t\t'1:word:(%s)' \\\n", arguments);
		else if (words_take_file(manual_commands[i]))
			buf_puts(out, "\t\t'*:file:_files' \\\n");
		buf_puts(out, "\t\t&& return ;;\n");
	}
	buf_puts(out, "\tesac\n}\ncase $service in\npatienced) _patienced \"$@\" ;;\n"
		      "kode-kronical-daemon) _kode_kronical_daemon \"$@\" ;;\n*) _auspex \"$@\" ;;\nesac\n");
}

/* --- fish --------------------------------------------------------------------------------------------------------- */

struct fish {
	struct buf *out;
	const char *command; /* NULL: patienced */
};

static void fish_word(void *arg, const struct word *w)
{
	struct fish *f = arg;
	if (f->command)
		buf_printf(f->out, "complete -c auspex -n '__fish_seen_subcommand_from %s' -l %s", f->command,
			   w->flag + 2);
	else
		buf_printf(f->out, "complete -c patienced -o %s", w->flag + 1);
	if (w->letter)
		buf_printf(f->out, " -s %c", w->letter);
	if (w->value == WORD_FILE)
		buf_puts(f->out, " -r -F");
	else if (w->value == WORD_CHOICES)
		buf_printf(f->out, " -x -a '%s'", w->choices);
	else if (w->value == WORD_ANY)
		buf_puts(f->out, " -x");
	buf_puts(f->out, " -d '");
	put_quoted(f->out, w->help, "\\");
	buf_puts(f->out, "'\n");
}

void manual_write_fish(struct buf *out)
{
	char arguments[160];
	buf_puts(out, "# fish completion for auspex and patienced, written by the build\ncomplete -c auspex "
		      "-f\ncomplete -c patienced -f\n");
	for (size_t i = 0; manual_commands[i]; i++) {
		const struct command *c = manual_commands[i];
		struct fish f = { out, c->name };
		buf_printf(out, "complete -c auspex -n __fish_use_subcommand -a %s -d '", c->name);
		put_quoted(out, c->summary, "\\");
		buf_puts(out, "'\n");
		words_of_arguments(c, arguments);
		if (*arguments)
			buf_printf(out, "complete -c auspex -n '__fish_seen_subcommand_from %s' -a '%s'\n",
				   c->name, arguments);
		if (words_take_file(c))
			buf_printf(out, "complete -c auspex -n '__fish_seen_subcommand_from %s' -F\n",
				   c->name);
		words_of_command(c, fish_word, &f);
	}
	buf_puts(out, "complete -c auspex -n __fish_use_subcommand -a as -d 'Be another program.'\n"
		      "complete -c auspex -n '__fish_seen_subcommand_from as' -a 'patienced "
		      "kode-kronical-daemon'\n");
	struct fish f = { out, NULL };
	words_of_patienced(fish_word, &f);
	fish_kode(out);
}
