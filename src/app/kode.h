/* The kode-kronical-daemon personality (contract of the host service, section 5). */
#ifndef AUSPEX_APP_KODE_H
#define AUSPEX_APP_KODE_H

#include "app/kode_config.h"
#include "conf/cli.h"

#define KODE_NAME "kode-kronical-daemon"

/* Its command line; the strings are those of argv. */
struct kode_args {
	const char *command;
	const char *config; /* -c, or NULL */
	bool user, system, foreground, debug, help;
};
extern const char *const kode_commands[]; /* NULL-terminated */
/* Rows for the usage text and the completions. */
extern const struct cli_flag kode_flags[];
extern const size_t kode_n_flags;
/* 0; ERR_UNKNOWN, ERR_MISSING or ERR_SYNTAX with a sentence. */
int kode_parse_args(int argc, char **argv, struct kode_args *out, struct arena *arena, struct err *err);

/* argv[0] is the personality's name. Returns the exit status. */
int kode_main(int argc, char **argv, const char *const *env);

/* kode_files.c: the commands `config` and `install`. Return the exit status. */
int kode_write_config(const struct kode_args *args, const char *const *env, struct arena *arena);
int kode_install(const struct kode_args *args, const char *const *env, struct arena *arena);

#endif
