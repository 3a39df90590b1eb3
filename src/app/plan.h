/* The plan: everything one start of the daemon is going to do, decided before anything is opened.
 *
 * The native command fills it from YAML, environment and flags; a personality fills it from that program's own
 * flags, variables and file. After that the daemon does not know who called it. A reload makes a second
 * plan the same way and applies the difference.
 */
#ifndef AUSPEX_APP_PLAN_H
#define AUSPEX_APP_PLAN_H

#include "app/settings.h"
#include "base/arena.h"
#include "net/route.h"

#define PLAN_MAX 32

struct plan_socket {
	const char *path;
	unsigned mode;
	bool required; /* else a failure to bind is a warning */
};
struct plan_listen {
	const char *address; /* or NULL with path */
	const char *path;
	int port;
	enum http_family family;
	bool any_host;
	bool required;
};

/* What a start serves, as a mask: a personality starts only its own. */
#define ROOM_RETRY  1u
#define ROOM_ALERT  2u
#define ROOM_WATCH  4u /* the watch for changes */
#define ROOM_SYSTEM 8u

/* What a personality's log says at these moments; "%d" is the number of the process or of the signal. NULL: nothing. */
struct plan_texts {
	const char *starting, *started, *signalled, *stopped;
};

struct plan {
	struct arena arena; /* owns every string below */
	struct settings settings;
	unsigned rooms;
	const char *program; /* "auspex", "patienced" */
	const char *page;    /* path of the page's asset */
	bool native;         /* design rules of the native daemon: key needed off loopback, Host allow-list */
	const char *state_dir;  /* NULL: memory only */
	const char *state_note; /* why there is no state directory, or NULL */
	const char *pid_file;   /* NULL: none */
	const char *pid_end;    /* what stands behind the number in it; NULL: a newline */
	const char *log_file;   /* NULL: standard output */
	const char
		*log_name; /* write the log in the named form, as this program; NULL: as the settings say */
	bool log_echo;     /* what goes to log_file goes to standard output as well */
	const struct plan_texts *texts; /* NULL: our own */
	struct plan_socket sockets[PLAN_MAX];
	size_t n_sockets;
	struct plan_listen listens[PLAN_MAX];
	size_t n_listens;
	/* Descriptors that the service manager opened for the entries above, or 0 (activation.c). */
	int passed_sockets[PLAN_MAX], passed_listens[PLAN_MAX];
	const char *warning; /* about the configuration, for the log of a start and of a reload; NULL: none */
	bool http;           /* serve HTTP at all */
};

/* How a plan is made; kept so that a reload can make it again. */
struct plan_source {
	int (*make)(const struct plan_source *src, struct plan *plan, struct err *err);
	int argc;
	char **argv;
	const char *const *env;
};

void plan_init(struct plan *p);
void plan_fini(struct plan *p);
/* ERR_FULL past PLAN_MAX. */
int plan_add_socket(struct plan *p, const char *path, unsigned mode, bool required, struct err *err);
int plan_add_listen(struct plan *p, struct plan_listen listen, struct err *err);
/* One `listen:` entry: "address:port", "[v6]:port", "port", "unix:/path", with "/family" after a port ("127.0.0.1:8000/fleet"). */
int plan_parse_listen(struct plan *p, struct view text, struct plan_listen *out, struct err *err);
/* Can other machines reach one of the listeners? */
bool plan_off_loopback(const struct plan *p);
/* What a start would refuse later, with the parts at hand: lengths of socket paths, API keys and their files. Opens nothing but
 * key files. */
int plan_check(const struct plan *p, struct err *err);
struct access;
/* Gives the keys to `access` and refuses what must not stand open: part of plan_check, of a start and of a reload. */
int plan_check_keys(const struct plan *p, struct access *access, struct err *err);
/* A key of this plan for a command that asks its own daemon: of the list, else of the files. NULL: none. */
const char *plan_key(struct plan *p);
/* The native daemon's way: file, environment, flags. `src->argv` are the words after the command. */
int plan_make_native(const struct plan_source *src, struct plan *plan, struct err *err);

/* The same for a command that talks to a daemon: its own flags stand among those of the daemon, which say which daemon
 * is meant, and words are its own as well. */
struct plan_words {
	const char *items[64]; /* views into argv */
	size_t n;
};
int plan_make_command(const struct plan_source *src, const struct cli_flag *flags, size_t n_flags,
		      struct plan_words *words, struct plan *plan, struct err *err);

#endif
