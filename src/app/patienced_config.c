#include "app/patienced_config.h"

#include "app/settings.h"
#include "base/json.h"
#include "base/log.h"
#include "base/num.h"
#include "base/timefmt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void patienced_flags(struct patienced *c, struct goflag out[PATIENCED_FLAGS])
{
	const struct goflag rows[PATIENCED_FLAGS] = {
		{ "config", GOFLAG_STRING, "Configuration file path", NULL, &c->config, false },
		{ "daemon", GOFLAG_BOOL, "Run as daemon (background process)", NULL, &c->background, false },
		{ "enable-http", GOFLAG_BOOL, "Enable HTTP API server", "true", &c->enable_http, false },
		{ "enable-profiling", GOFLAG_BOOL, "Enable profiling endpoints", NULL, &c->enable_profiling,
		  false },
		{ "log-level", GOFLAG_STRING, "Log level (debug, info, warn, error)", "info", &c->log_level,
		  false },
		{ "max-age", GOFLAG_DURATION, "Maximum age of metrics", "24h0m0s", &c->max_age_ns, false },
		{ "max-metrics", GOFLAG_INT, "Maximum number of metrics to store", "10000", &c->max_metrics,
		  false },
		{ "pid-file", GOFLAG_STRING, "PID file path", PATIENCED_PID_FILE, &c->pid_file, false },
		{ "port", GOFLAG_INT, "HTTP server port", "8080", &c->port, false },
		{ "socket", GOFLAG_STRING, "Unix socket path", PATIENCED_SOCKET, &c->socket, false },
		{ "status", GOFLAG_BOOL, "Show daemon status", NULL, &c->status, false },
		{ "stop", GOFLAG_BOOL, "Stop running daemon", NULL, &c->stop, false },
		{ "version", GOFLAG_BOOL, "Show version information", NULL, &c->version, false },
	};
	memcpy(out, rows, sizeof(rows));
}

void patienced_defaults(struct patienced *c)
{
	*c = (struct patienced){
		.config = "",
		.socket = PATIENCED_SOCKET,
		.pid_file = PATIENCED_PID_FILE,
		.log_level = "info",
		.bind = "",
		.port = 8080,
		.max_metrics = 10000,
		.max_age_ns = 24 * 3600 * NS_PER_S,
		.max_connections = 100,
		.socket_mode = 0600,
		.enable_http = true,
		.persist = true,
		.mask_secrets = true,
		.api_key = "",
		.state_dir = "",
	};
}

/* --- one table of keys for the file and the environment --------------------------------------- */

enum key_type { KEY_STRING, KEY_INT, KEY_BOOL, KEY_DURATION, KEY_MODE };
struct key {
	const char *name; /* in the file; the variable is RETRY_ and the name in capitals */
	enum key_type type;
	size_t offset;
};
/* clang-format off */
#define KEY(name, type, field) { name, type, offsetof(struct patienced, field) }
/* clang-format on */
static const struct key keys[] = {
	KEY("socket_path", KEY_STRING, socket),
	KEY("http_port", KEY_INT, port),
	KEY("max_metrics", KEY_INT, max_metrics),
	KEY("metrics_max_age", KEY_DURATION, max_age_ns),
	KEY("log_level", KEY_STRING, log_level),
	KEY("pid_file", KEY_STRING, pid_file),
	KEY("enable_http", KEY_BOOL, enable_http),
	KEY("enable_profiling", KEY_BOOL, enable_profiling),
	KEY("max_connections", KEY_INT, max_connections),
	/* Ours, for those who need them: none of them is in the guide. */
	KEY("bind_address", KEY_STRING, bind),
	KEY("socket_mode", KEY_MODE, socket_mode),
	KEY("api_key", KEY_STRING, api_key),
	KEY("persist", KEY_BOOL, persist),
	KEY("mask_secrets", KEY_BOOL, mask_secrets),
	KEY("state_dir", KEY_STRING, state_dir),
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static int parse_bool(struct view v, bool *out)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };
	for (size_t i = 0; i < 6; i++) {
		if (view_eq(v, view_of(yes[i])) || view_eq(v, view_of(no[i]))) {
			*out = view_eq(v, view_of(yes[i]));
			return 0;
		}
	}
	return ERR_SYNTAX;
}

/* A mode as "0660", "660" or "0o660": always octal. */
static int parse_mode(struct view v, int64_t *out)
{
	if (v.len > 2 && v.data[0] == '0' && (v.data[1] == 'o' || v.data[1] == 'O'))
		v = (struct view){ v.data + 2, v.len - 2 };
	*out = 0;
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] < '0' || v.data[i] > '7' || i >= 5)
			return ERR_SYNTAX;
		*out = *out * 8 + (v.data[i] - '0');
	}
	return v.len && *out <= 0777 ? 0 : ERR_RANGE;
}

static int set_key_text(const struct key *key, struct patienced *c, struct view text, const char *place,
			struct arena *arena, struct err *err)
{
	void *field = (char *)c + key->offset;
	switch (key->type) {
	case KEY_STRING: {
		const char *copy = arena_strndup(arena, text.data, text.len);
		if (!copy)
			return -ENOMEM;
		*(const char **)field = copy;
		return 0;
	}
	case KEY_INT:
		if (num_parse_i64_go(text, field) < 0)
			return err_set(err, ERR_SYNTAX, place, "%s: \"%.*s\" is not a whole number",
				       key->name, (int)text.len, text.data);
		return 0;
	case KEY_BOOL:
		if (parse_bool(text, field) < 0)
			return err_set(err, ERR_SYNTAX, place, "%s: \"%.*s\" is neither true nor false",
				       key->name, (int)text.len, text.data);
		return 0;
	case KEY_MODE:
		if (parse_mode(text, field) < 0)
			return err_set(err, ERR_SYNTAX, place, "%s: \"%.*s\" is not a file mode such as 0660",
				       key->name, (int)text.len, text.data);
		return 0;
	case KEY_DURATION:
		if (duration_parse(text, false, field) < 0)
			return err_set(err, ERR_SYNTAX, place,
				       "%s: \"%.*s\" is not a duration such as 24h, 1h30m or 300ms",
				       key->name, (int)text.len, text.data);
		return 0;
	}
	return ERR_TYPE;
}

static int set_key_json(const struct key *key, struct patienced *c, const struct json_doc *doc,
			json_ref value, const char *place, struct arena *arena, struct err *err)
{
	void *field = (char *)c + key->offset;
	enum json_type type = json_type(doc, value);
	if (type == JSON_NULL)
		return 0;
	if (type == JSON_STRING && key->type != KEY_INT && key->type != KEY_BOOL)
		return set_key_text(key, c, json_string(doc, value, arena), place, arena, err);
	if (key->type == KEY_BOOL && (type == JSON_TRUE || type == JSON_FALSE)) {
		*(bool *)field = type == JSON_TRUE;
		return 0;
	}
	bool integer = type == JSON_NUMBER && (doc->nodes[value].flags & JSON_F_INTEGER);
	if (integer && (key->type == KEY_INT ||
			key->type == KEY_DURATION)) /* a bare age is nanoseconds, as Go's type is */
		return json_i64(doc, value, field);
	static const char *const wanted[] = { "a string", "a whole number", "true or false",
					      "a duration such as \"24h\", or whole nanoseconds",
					      "a string such as \"0660\"" };
	return err_set(err, ERR_TYPE, place, "%s must be %s", key->name, wanted[key->type]);
}

static int read_file(const char *path, struct arena *arena, struct view *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		int rc = -errno;
		if (fd >= 0)
			close(fd);
		return err_set(err, rc, NULL, "failed to read config file: open %s: %s", path, err_text(rc));
	}
	int rc = 0;
	char *text = NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > 1024 * 1024)
		rc = err_set(err, -EINVAL, NULL,
			     "failed to read config file: %s is not a regular file of at most 1 MiB", path);
	else if (!(text = arena_alloc(arena, (size_t)st.st_size + 1)))
		rc = -ENOMEM;
	size_t used = 0;
	while (rc == 0 && used < (size_t)st.st_size) {
		ssize_t n = read(fd, text + used, (size_t)st.st_size - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	*out = (struct view){ text, used };
	close(fd);
	return rc;
}

/* Further sockets; an empty list switches the default ones off. */
static int set_aliases(struct patienced *c, const struct json_doc *doc, const char *place,
		       struct arena *arena, struct err *err)
{
	json_ref list = json_get_fold(doc, 0, VIEW("socket_aliases"));
	if (list == JSON_NONE || json_type(doc, list) == JSON_NULL)
		return 0;
	if (json_type(doc, list) != JSON_ARRAY)
		return err_set(err, ERR_TYPE, place, "socket_aliases must be a list of paths");
	c->aliases_set = true;
	c->aliases.items = arena_zalloc(arena, (doc->nodes[list].len + 1) * sizeof(char *));
	if (!c->aliases.items)
		return -ENOMEM;
	for (json_ref r = json_first(doc, list); r != JSON_NONE; r = json_next(doc, list, r)) {
		struct view v = json_string(doc, r, arena);
		if (!v.data)
			return err_set(err, ERR_TYPE, place,
				       "socket_aliases must be a list of paths, and each path a string");
		c->aliases.items[c->aliases.n++] = arena_strndup(arena, v.data, v.len);
	}
	return 0;
}

static int load_json_file(struct patienced *c, const char *path, struct arena *arena, struct err *err)
{
	struct view text = { NULL, 0 };
	int rc = read_file(path, arena, &text, err);
	if (rc < 0)
		return rc;
	struct json_doc doc;
	json_doc_init(&doc);
	struct err at = { 0 };
	rc = json_parse_all(&doc, text.data, text.len, 0, &at);
	if (rc < 0)
		rc = err_set(err, rc, NULL, "failed to parse config file: %s:%s: %s", path, at.place,
			     at.text);
	else if (json_type(&doc, 0) != JSON_OBJECT)
		rc = err_set(err, ERR_TYPE, NULL,
			     "failed to parse config file: %s: the top level must be an object", path);
	for (size_t i = 0; rc == 0 && i < N_KEYS; i++) {
		json_ref value = json_get_fold(&doc, 0, view_of(keys[i].name));
		if (value != JSON_NONE)
			rc = set_key_json(&keys[i], c, &doc, value, path, arena, err);
	}
	if (rc == 0)
		rc = set_aliases(c, &doc, path, arena, err);
	json_doc_fini(&doc);
	return rc;
}

static int load_env(struct patienced *c, const char *const *env, struct arena *arena, struct err *err)
{
	/* PATIENCE_* is what later versions document; the guide's RETRY_* wins over it. */
	static const char *const prefixes[] = { "PATIENCE_", "RETRY_" };
	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < N_KEYS; i++) {
			char name[64];
			snprintf(name, sizeof(name), "%s%s", prefixes[p], keys[i].name);
			for (char *s = name; *s; s++)
				*s = (char)(*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s);
			const char *value = env_get(env, name);
			/* Set to nothing is not set: shells and unit files have no other way to take a variable back. */
			int rc = value && *value ? set_key_text(&keys[i], c, view_of(value), name, arena, err)
						 : 0;
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int validate(const struct patienced *c, struct err *err)
{
	enum log_level level;
	if (log_level_parse(view_of(c->log_level), &level) < 0)
		return err_set(err, ERR_RANGE, NULL,
			       "invalid log level \"%s\": use debug, info, warn or error", c->log_level);
	if (c->enable_http && (c->port < 1 || c->port > 65535))
		return err_set(err, ERR_RANGE, NULL, "invalid HTTP port %lld: use 1 to 65535",
			       (long long)c->port);
	if (c->max_metrics < 0 || c->max_metrics > 100000000)
		return err_set(err, ERR_RANGE, NULL,
			       "invalid maximum number of metrics %lld: use 0 to 100000000",
			       (long long)c->max_metrics);
	if (c->max_age_ns < 0) {
		char age[TIMEFMT_MAX];
		duration_format(c->max_age_ns, age);
		return err_set(err, ERR_RANGE, NULL,
			       "invalid maximum age of metrics %s: it must not be negative", age);
	}
	if (!*c->socket)
		return err_set(err, ERR_MISSING, NULL,
			       "the Unix socket path is empty: set socket_path or -socket");
	return 0;
}

int patienced_load(struct patienced *c, int argc, char **argv, const char *const *env, struct arena *arena,
		   struct err *err)
{
	struct goflag flags[PATIENCED_FLAGS];
	int rest;
	patienced_defaults(c);
	patienced_flags(c, flags);
	int rc = goflag_parse(flags, PATIENCED_FLAGS, argc, argv, &rest, err); /* for -config alone */
	const char *config = c->config;
	if (rc != 0)
		return rc < 0 ? rc : err_set(err, ERR_SYNTAX, NULL, "-h asks for help");
	patienced_defaults(c);
	if (*config)
		rc = load_json_file(c, config, arena, err);
	if (rc == 0)
		rc = load_env(c, env, arena, err);
	if (rc == 0)
		rc = goflag_parse(flags, PATIENCED_FLAGS, argc, argv, &rest, err);
	return rc < 0 ? rc : validate(c, err);
}
