#include "impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_MIN 4096
#define BUFFER_MAX 4194304 /* the daemon takes messages of 16 MiB, its own queue holds 8 */

static const char *environment(const char *name)
{
#ifdef __GLIBC__
	const char *value =
		secure_getenv(name); /* a set-user-id program must not be led elsewhere by its caller */
#else
	const char *value = getenv(name);
#endif
	return value && *value ? value : NULL;
}

/* `folder` NULL: not known, no such place. */
static int add_path(struct auspex *a, const char *folder, const char *rest)
{
	if (!folder)
		return 0;
	size_t len = strlen(folder) + strlen(rest) + 1;
	char *path = malloc(len);
	if (!path)
		return -ENOMEM;
	snprintf(path, len, "%s%s", folder, rest);
	a->paths[a->n_paths++] = path;
	return 0;
}

/* At most AX_PATHS of them. */
static int add_usual_paths(struct auspex *a)
{
	int rc = add_path(a, environment("AUSPEX_SOCKET"), "");
	if (rc == 0)
		rc = add_path(a, environment("AUSPEX_STATE_DIR"), "/auspex.sock");
	if (rc == 0)
		rc = add_path(a, environment("XDG_STATE_HOME"), "/auspex/auspex.sock");
	if (rc == 0)
		rc = add_path(a, environment("HOME"), "/.local/state/auspex/auspex.sock");
	if (rc == 0)
		rc = add_path(a, "/run/auspex", "/auspex.sock");
	if (rc == 0)
		rc = add_path(a, "/var/lib/auspex", "/auspex.sock");
	if (rc == 0)
		rc = add_path(a, "/tmp", "/retry-daemon.sock");
	if (rc == 0)
		rc = add_path(a, "/tmp", "/retryd.sock");
	if (rc == 0)
		rc = add_path(a, "/tmp", "/patience-daemon.sock");
	return rc;
}

static size_t bounded(size_t bytes)
{
	if (bytes == 0)
		return AUSPEX_BUFFER_DEFAULT;
	return bytes < BUFFER_MIN ? BUFFER_MIN : bytes > BUFFER_MAX ? BUFFER_MAX : bytes;
}

static void free_handle(struct auspex *a)
{
	if (a->fd >= 0)
		close(a->fd);
	for (size_t i = 0; i < a->n_paths; i++)
		free(a->paths[i]);
	ax_queue_fini(&a->queue);
	free(a->message.data);
	free(a);
}

auspex_t *auspex_open_sized(const char *path, size_t buffer_bytes)
{
	size_t cap = bounded(buffer_bytes);
	struct auspex *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->fd = -1;
	a->pid = getpid();
	int rc = path ? add_path(a, path, "") : add_usual_paths(a);
	if (rc == 0)
		rc = ax_queue_init(&a->queue, cap);
	a->message = (struct ax_text){ .data = malloc(cap + AX_ENVELOPE), .cap = cap + AX_ENVELOPE };
	if (rc == 0 && a->message.data)
		return a;
	free_handle(a);
	return NULL;
}

auspex_t *auspex_open(const char *path)
{
	return auspex_open_sized(path, 0);
}

int auspex_close(auspex_t *a, int timeout_ms)
{
	int rc = auspex_flush(a, timeout_ms, AUSPEX_SENT);
	if (a)
		free_handle(a);
	return rc;
}

void ax_check_fork(struct auspex *a)
{
	pid_t pid = getpid();
	if (pid == a->pid)
		return;
	a->pid = pid;
	if (a->fd >= 0)
		close(a->fd); /* our copy; the parent's connection goes on */
	a->fd = -1;
	a->queue.len = a->queue.n = 0;
	a->queue.dropped = 0;
	a->stage = AX_IDLE;
	a->n_owed = 0;
	a->reply.len = 0;
	a->refused_since = false;
	a->sentence[0] = '\0';
	memset(&a->stats, 0, sizeof(a->stats));
}

int auspex_stats(auspex_t *a, struct auspex_stats *out)
{
	if (!a || !out)
		return -EINVAL;
	ax_check_fork(a);
	if (a->fd >= 0 && ax_drain(a) < 0)
		ax_disconnect(a);
	bool under_way = a->stage != AX_IDLE;
	*out = a->stats;
	out->dropped = a->queue.dropped;
	out->waiting = a->queue.n + (under_way ? a->message_n : 0);
	out->waiting_bytes = a->queue.len + (under_way ? a->message.len : 0);
	return 0;
}

const char *auspex_error(const auspex_t *a)
{
	return a ? a->sentence : "";
}

const char *auspex_version(void)
{
	return AUSPEX_VERSION;
}

const char *auspex_strerror(int code)
{
	switch (code) {
	case 0:
		return "success";
	case -EINVAL:
		return "a name, a number or the handle is missing or out of range";
	case -EMSGSIZE:
		return "the item is larger than the buffer";
	case -ETIMEDOUT:
		return "the daemon did not take or answer it within the time given; it is kept";
	case -ENOENT:
	case -ECONNREFUSED:
		return "no daemon listens on the socket; start one with auspex run";
	case -EACCES:
	case -EPERM:
		return "the daemon's socket may not be opened by this user";
	case -ECONNRESET:
		return "the daemon hung up before it answered";
	case -EBADMSG:
		return "the daemon refused some items; auspex_error() says why";
	case -EIO:
		return "the daemon cannot store now; it is kept";
	case -EPROTO:
		return "what answered on the socket is no Auspex daemon, or not one of this protocol";
	case -ENAMETOOLONG:
		return "the path of the socket is too long";
	case -EMFILE:
	case -ENFILE:
		return "no file descriptor is left for the connection";
	default:
		return code < 0 ? "the connection to the daemon failed" : "not a result of this library";
	}
}
