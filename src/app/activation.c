/* Sockets that the service manager opened for us take the place of what the plan would have bound. */
#include "app/parts.h"

#include "os/service.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_any(const char *address)
{
	return strcmp(address, "::") == 0 || strcmp(address, "0.0.0.0") == 0;
}

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* Would binding the planned address fail, or serve more than whoever set the socket up wanted? */
static bool stands_for(const struct service_socket *s, const struct plan_listen *l)
{
	if (l->path || l->port != s->port)
		return false;
	if (strcmp(s->address, l->address) == 0 || strcmp(s->address, "::") == 0 || is_any(l->address))
		return true;
	return strcmp(s->address, "0.0.0.0") == 0 && !strchr(l->address, ':');
}

static void remove_listen(struct plan *p, size_t i)
{
	size_t behind = --p->n_listens - i;
	memmove(&p->listens[i], &p->listens[i + 1], behind * sizeof(p->listens[0]));
	memmove(&p->passed_listens[i], &p->passed_listens[i + 1], behind * sizeof(p->passed_listens[0]));
}

static int add_listen(struct plan *p, struct plan_listen listen, int fd, struct err *err)
{
	int rc = plan_add_listen(p, listen, err);
	p->http = true;
	if (rc == 0)
		p->passed_listens[p->n_listens - 1] = fd;
	return rc;
}

static bool lacks_key(const struct plan *p)
{
	const struct core_options *core = &p->settings.core;
	return p->native && core->auth != AUTH_NONE && !core->api_keys.n && !core->api_key_files.n;
}

static int adopt_tcp(struct plan *p, const struct service_socket *s, struct err *err)
{
	struct plan_listen own = {
		arena_strdup(&p->arena, s->address), NULL, s->port, FAMILY_RETRY, !p->native, true
	};
	if (!own.address)
		return -ENOMEM;
	if (strcmp(s->name, "fleet") == 0)
		own.family = FAMILY_FLEET;
	for (size_t i = p->n_listens; i-- > 0;) {
		if (!p->passed_listens[i] && stands_for(s, &p->listens[i])) {
			own.family = p->listens[i].family;
			own.any_host = p->listens[i].any_host;
			remove_listen(p, i);
		}
	}
	if (!is_loopback(s->address) && lacks_key(p))
		return err_set(err, ERR_DENIED, "socket activation",
			       "the passed socket %s port %d is reachable from other machines and no API key "
			       "is set; set api_keys or "
			       "api_key_files, or say auth: none",
			       s->address, s->port);
	return add_listen(p, own, s->fd, err);
}

static int adopt_unix_http(struct plan *p, const char *path, int fd, struct err *err)
{
	struct plan_listen own = { NULL, path, 0, FAMILY_RETRY, true, true };
	for (size_t i = p->n_listens; i-- > 0;)
		if (p->listens[i].path && strcmp(p->listens[i].path, path) == 0)
			remove_listen(p, i);
	return add_listen(p, own, fd, err);
}

static int adopt_unix(struct plan *p, const struct service_socket *s, struct err *err)
{
	const char *path = arena_strdup(&p->arena, *s->path ? s->path : "(passed)");
	if (!path)
		return -ENOMEM;
	if (strcmp(s->name, "http") == 0)
		return adopt_unix_http(p, path, s->fd, err);
	int rc = plan_add_socket(p, path, 0600, true, err); /* one of that path is left as it is */
	for (size_t i = 0; rc == 0 && i < p->n_sockets; i++)
		if (strcmp(p->sockets[i].path, path) == 0)
			p->passed_sockets[i] = s->fd;
	return rc;
}

int activation_adopt(struct daemon *d, struct err *err)
{
	struct service_socket passed[PLAN_MAX];
	size_t n = service_sockets(d->source->env, passed, PLAN_MAX);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct service_socket *s = &passed[i];
		if (s->kind == SERVICE_OTHER) {
			LOG(d->log, LOG_WARN, "daemon",
			    "a passed descriptor is no listening stream socket and is not used",
			    LF_I("descriptor", s->fd), LF_S("name", s->name));
			continue;
		}
		LOG(d->log, LOG_INFO, "daemon", "socket passed by the service manager",
		    LF_I("descriptor", s->fd), LF_S("name", s->name),
		    LF_S("address", s->kind == SERVICE_TCP ? s->address : s->path), LF_I("port", s->port));
		rc = s->kind == SERVICE_TCP ? adopt_tcp(d->plan, s, err) : adopt_unix(d->plan, s, err);
	}
	return rc;
}
