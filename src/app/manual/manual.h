/* The manual pages and shell completions, written from the command and option tables at build time. */
#ifndef AUSPEX_APP_MANUAL_H
#define AUSPEX_APP_MANUAL_H

#include "app/command.h"
#include "app/kode.h"
#include "app/patienced_config.h"

/* Every command, NULL-terminated. */
extern const struct command *const manual_commands[];

/* auspex(1), auspex.yml(5), patienced(8), kode-kronical-daemon(8). */
void manual_write_auspex(struct buf *out);
void manual_write_yml(struct buf *out);
void manual_write_patienced(struct buf *out);
void manual_write_kode(struct buf *out);
void manual_write_bash(struct buf *out);
void manual_write_zsh(struct buf *out);
void manual_write_fish(struct buf *out);
/* The personalities': bash reads a file by the name of the program. zsh and fish get theirs with auspex's. */
void manual_write_bash_patienced(struct buf *out);
void manual_write_bash_kode(struct buf *out);

/* --- what completions are made of (words.c) ------------------------------------------------------------------------ */
enum word_value { WORD_SWITCH, WORD_FILE, WORD_CHOICES, WORD_ANY };
struct word {
	char flag[96]; /* with its dashes */
	char letter;   /* or 0 */
	enum word_value value;
	char choices[160]; /* WORD_CHOICES: separated by blanks */
	const char *help;
};
typedef void word_visit(void *arg, const struct word *word);
/* The flags that a command's completion offers, its own ones first. */
void words_of_command(const struct command *c, word_visit *visit, void *arg);
void words_of_patienced(word_visit *visit, void *arg);
/* The fixed words a command takes ("show check default"), or "". `out` has 160 bytes. */
void words_of_arguments(const struct command *c, char *out);
/* A command that takes a file where words are meant. */
bool words_take_file(const struct command *c);

#endif
