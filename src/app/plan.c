#include "app/plan.h"

#include "app/default_rules.h"
#include "base/num.h"
#include "net/access.h"
#include "net/unix_bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

void plan_init(struct plan *p)
{
	memset(p, 0, sizeof(*p));
	arena_init(&p->arena, 4096);
}

void plan_fini(struct plan *p)
{
	arena_fini(&p->arena);
}

int plan_add_socket(struct plan *p, const char *path, unsigned mode, bool required, struct err *err)
{
	for (size_t i = 0; i < p->n_sockets; i++)
		if (strcmp(p->sockets[i].path, path) == 0)
			return 0;
	if (p->n_sockets == PLAN_MAX)
		return err_set(err, ERR_FULL, "aliases", "more than %d Unix sockets; remove some", PLAN_MAX);
	p->sockets[p->n_sockets++] = (struct plan_socket){ path, mode, required };
	return 0;
}

int plan_add_listen(struct plan *p, struct plan_listen listen, struct err *err)
{
	if (p->n_listens == PLAN_MAX)
		return err_set(err, ERR_FULL, "listen", "more than %d HTTP listeners; remove some", PLAN_MAX);
	p->listens[p->n_listens++] = listen;
	return 0;
}

static int parse_family(struct view name, enum http_family *out)
{
	static const char *const names[] = { "retry", "change", "probe", "fleet", "own" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (view_eq(name, view_of(names[i]))) {
			*out = (enum http_family)i;
			return 0;
		}
	return ERR_UNKNOWN;
}

int plan_parse_listen(struct plan *p, struct view text, struct plan_listen *out, struct err *err)
{
	*out = (struct plan_listen){ .family = FAMILY_RETRY, .required = true };
	text = view_trim(text);
	if (text.len > 5 && memcmp(text.data, "unix:", 5) == 0) {
		out->path = arena_strndup(&p->arena, text.data + 5, text.len - 5);
		out->any_host = true; /* whoever may open the file needs no name */
		return out->path ? 0 : -ENOMEM;
	}
	const char *slash = memrchr(text.data, '/', text.len);
	if (slash) {
		struct view family = { slash + 1, (size_t)(text.data + text.len - slash - 1) };
		if (parse_family(family, &out->family) < 0)
			return err_set(err, ERR_UNKNOWN, "listen",
				       "\"%.*s\": unknown family \"%.*s\"; known are retry, change, probe, "
				       "fleet, own",
				       (int)text.len, text.data, (int)family.len, family.data);
		text.len = (size_t)(slash - text.data);
	}
	const char *colon = text.len ? memrchr(text.data, ':', text.len) : NULL;
	struct view host =
		colon ? (struct view){ text.data, (size_t)(colon - text.data) } : VIEW("127.0.0.1");
	struct view port =
		colon ? (struct view){ colon + 1, (size_t)(text.data + text.len - colon - 1) } : text;
	if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
		host = (struct view){ host.data + 1, host.len - 2 };
	if (view_eq(host, VIEW("localhost")))
		host = VIEW("127.0.0.1");
	if (view_eq(host, VIEW("*")) || host.len == 0)
		host = VIEW("::");
	int64_t number;
	if (num_parse_i64(port, &number) < 0 || number < 1 || number > 65535)
		return err_set(err, ERR_RANGE, "listen",
			       "\"%.*s\" is no listener; write address:port (port 1 to 65535), [v6]:port or "
			       "unix:/path",
			       (int)text.len, text.data);
	out->port = (int)number;
	out->address = arena_strndup(&p->arena, host.data, host.len);
	return out->address ? 0 : -ENOMEM;
}

static bool is_loopback(const char *address)
{
	return !address || strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

bool plan_off_loopback(const struct plan *p)
{
	for (size_t i = 0; i < p->n_listens; i++)
		if (!is_loopback(p->listens[i].address))
			return true;
	return false;
}

int plan_check_keys(const struct plan *p, struct access *access, struct err *err)
{
	const struct core_options *core = &p->settings.core;
	int rc = access_configure(access, core->api_keys.items, core->api_keys.n, core->api_key_files.items,
				  core->api_key_files.n, err);
	if (rc == 0 && p->native && core->auth != AUTH_NONE && plan_off_loopback(p) &&
	    !access_has_keys(access))
		rc = err_set(err, ERR_DENIED, "api_key_files",
			     "none of the files holds a key, and other machines can reach a listener; write "
			     "a key, or say auth: none");
	return rc;
}

int plan_check(const struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n_sockets; i++)
		if (p->sockets[i].required && strlen(p->sockets[i].path) > unix_path_max())
			return err_set(err, -ENAMETOOLONG, "socket",
				       "the path %s is longer than the %zu bytes a socket may have",
				       p->sockets[i].path, unix_path_max());
	struct access *access = access_new(clock_system());
	int rc = access ? plan_check_keys(p, access, err) : -ENOMEM;
	access_free(access);
	return rc;
}

/* First line of the file that is neither blank nor a comment. */
static const char *key_of_file(const char *path, struct arena *arena)
{
	char line[1024];
	const char *key = NULL;
	FILE *in = fopen(path, "re");
	while (in && !key && fgets(line, sizeof(line), in)) {
		struct view v = view_trim(view_of(line));
		if (v.len && v.data[0] != '#')
			key = arena_strndup(arena, v.data, v.len);
	}
	if (in)
		fclose(in);
	return key;
}

const char *plan_key(struct plan *p)
{
	const struct core_options *core = &p->settings.core;
	const char *key = core->api_keys.n ? core->api_keys.items[0] : NULL;
	for (size_t i = 0; !key && i < core->api_key_files.n; i++)
		key = key_of_file(core->api_key_files.items[i], &p->arena);
	return key;
}

static int plan_native_listens(struct plan *p, struct err *err)
{
	const struct core_options *core = &p->settings.core;
	int rc = 0;
	if (core->port) {
		rc = plan_add_listen(
			p,
			(struct plan_listen){ "127.0.0.1", NULL, (int)core->port, FAMILY_RETRY, false, true },
			err);
		if (rc == 0)
			rc = plan_add_listen(p,
					     (struct plan_listen){ "::1", NULL, (int)core->port, FAMILY_RETRY,
								   false, true },
					     err);
	}
	if (rc == 0 && core->fleet_port)
		rc = plan_add_listen(p,
				     (struct plan_listen){ "127.0.0.1", NULL, (int)core->fleet_port,
							   FAMILY_FLEET, false, false },
				     err);
	for (size_t i = 0; rc == 0 && i < core->listen.n; i++) {
		struct plan_listen l;
		rc = plan_parse_listen(p, view_of(core->listen.items[i]), &l, err);
		if (rc == 0 && !is_loopback(l.address) && core->auth != AUTH_NONE && !core->api_keys.n &&
		    !core->api_key_files.n)
			return err_set(
				err, ERR_DENIED, "listen",
				"%s is reachable from other machines and no API key is set; set api_keys or "
				"api_key_files, or say auth: none",
				core->listen.items[i]);
		if (rc == 0)
			rc = plan_add_listen(p, l, err);
	}
	p->http = p->n_listens > 0;
	return rc;
}

int plan_make_native(const struct plan_source *src, struct plan *plan, struct err *err)
{
	struct plan_words words;
	int rc = plan_make_command(src, NULL, 0, &words, plan, err);
	if (rc == 0 && words.n)
		rc = err_set(err, ERR_UNKNOWN, NULL, "unexpected word \"%s\"", words.items[0]);
	if (rc == 0 && plan->rooms & ROOM_SYSTEM)
		rc = default_rules_add(&plan->settings.alerts, &plan->settings.system.skip_alerts,
				       &plan->arena, err);
	if (rc == 0 && plan->rooms & ROOM_SYSTEM)
		rc = threshold_rules_add(&plan->settings.alerts, &plan->settings.threshold, &plan->arena,
					 err);
	return rc;
}

int plan_make_command(const struct plan_source *src, const struct cli_flag *flags, size_t n_flags,
		      struct plan_words *words, struct plan *plan, struct err *err)
{
	words->n = 0;
	if (src->argc > (int)(sizeof(words->items) / sizeof(words->items[0])))
		return err_set(err, ERR_FULL, NULL, "too many arguments");
	int rc = settings_load(&plan->settings, src->argc, src->argv, src->env, flags, n_flags, words->items,
			       &words->n, &plan->arena, err);
	if (rc < 0)
		return rc;

	struct core_options *core = &plan->settings.core;
	plan->program = "auspex";
	plan->page = "/index.html";
	plan->native = true;
	plan->settings.system.mask_secrets = core->mask_secrets;
	plan->rooms =
		ROOM_RETRY | ROOM_ALERT | ROOM_WATCH | (plan->settings.system.enabled ? ROOM_SYSTEM : 0);
	const char *state = core->state_dir;
	if (!*state)
		state = settings_state_home(src->env, &plan->arena);
	if (!state)
		return err_set(err, ERR_MISSING, "state_dir",
			       "no state directory: HOME, XDG_STATE_HOME and STATE_DIRECTORY are unset; name "
			       "one with --state-dir");
	plan->state_dir = state;
	plan->pid_file =
		*core->pid_file ? core->pid_file : arena_printf(&plan->arena, "%s/auspex.pid", state);
	plan->log_file = *core->log_file ? core->log_file : NULL;
	if (*core->socket)
		rc = plan_add_socket(plan, core->socket, (unsigned)core->socket_mode, true, err);
	else
		rc = plan_add_socket(plan, arena_printf(&plan->arena, "%s/auspex.sock", state),
				     (unsigned)core->socket_mode, true, err);
	for (size_t i = 0; rc == 0 && i < core->aliases.n; i++)
		rc = plan_add_socket(plan, core->aliases.items[i], (unsigned)core->socket_mode, false, err);
	return rc == 0 ? plan_native_listens(plan, err) : rc;
}
