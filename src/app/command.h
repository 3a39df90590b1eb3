/* Commands of the native program: one row each. */
#ifndef AUSPEX_APP_COMMAND_H
#define AUSPEX_APP_COMMAND_H

#include "app/settings.h"

/* What of the daemon's configuration a command takes. */
enum command_takes {
	COMMAND_ALONE,   /* nothing */
	COMMAND_CONFIG,  /* all of it, to know which daemon is meant; its --help shows --config only */
	COMMAND_OPTIONS, /* all of it */
};

struct command {
	const char *name;
	const char *words;            /* "[FILE|-]", shown in usage */
	const char *summary;          /* one sentence */
	const char *details;          /* the rest of its --help, or NULL */
	const struct cli_flag *flags; /* shown in its --help */
	size_t n_flags;
	enum command_takes takes;
	/* argv[0] is the command's name. Returns the exit status. */
	int (*run)(const struct command *self, int argc, char **argv, const char *const *env);
};

#define COMMANDS(X)                                                                                          \
	X(run)                                                                                               \
	X(start)                                                                                             \
	X(stop)                                                                                              \
	X(restart) X(reload) X(status) X(config) X(push) X(query) X(detect) X(backup) X(doctor) X(version)
#define X(name) extern const struct command command_##name;
COMMANDS(X)
#undef X

/* Says what is wrong on stderr ("auspex status: …") and returns `status`. */
int command_fail(const struct command *self, int status, const struct err *err);

#endif
