#include "unix_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_MAX_PEERS 60000

/* --- time --- */

static void on_tick(uv_timer_t *handle)
{
	struct unix_listener *l = handle->data;
	mono_us now = clock_mono_us(l->clock);
	if (l->resting)
		unix_listener_accept(l);
	if (now < l->next_due)
		return;
	l->next_due = INT64_MAX;
	for (struct unix_peer *p = l->open; p; p = l->cursor) {
		l->cursor = p->next;
		mono_us due = unix_peer_check_idle(p, now);
		if (due < l->next_due)
			l->next_due = due;
	}
	if (l->next_due == INT64_MAX && !l->resting)
		uv_timer_stop(&l->tick);
}

void unix_listener_arm_tick(struct unix_listener *l, mono_us due)
{
	if (due < l->next_due)
		l->next_due = due;
	if (!l->closing && !uv_is_active((uv_handle_t *)&l->tick))
		uv_timer_start(&l->tick, on_tick, UNIX_TICK_MS, UNIX_TICK_MS);
}

/* --- fair shares --- */

/* The loop hands out what is ready without end (libuv asks the kernel up to 48 times before it looks at a timer), and the kernel
 * tells the same descriptors first each time. So a turn has a budget, and who was read waits until all others were. */
static void on_turn(uv_prepare_t *handle)
{
	struct unix_listener *l = handle->data;
	l->read_ns = 0;
	l->catching_up = l->left_over;
	l->left_over = false;
	if (l->catching_up)
		return;
	l->round++;
	uv_prepare_stop(&l->turn);
}

bool unix_listener_grants(struct unix_listener *l, struct unix_peer *p)
{
	if (l->catching_up && p->round == l->round)
		return false;
	if (l->read_ns > (uint64_t)UNIX_READ_NS) {
		l->left_over = true;
		return false;
	}
	p->round = l->round;
	return true;
}

void unix_listener_spent(struct unix_listener *l, uint64_t ns)
{
	if (l->read_ns == 0 && !l->closing)
		uv_prepare_start(&l->turn, on_turn);
	l->read_ns += ns;
}

/* --- life --- */

static void listener_free(struct unix_listener *l)
{
	for (struct unix_peer *p; (p = l->free);) {
		l->free = p->next;
		free(p);
	}
	if (l->reserve_fd >= 0)
		close(l->reserve_fd);
	free(l->buffer);
	free(l->path);
	free(l);
}

void unix_listener_handle_closed(struct unix_listener *l)
{
	if (--l->handles > 0 || !l->closing)
		return;
	void (*cb)(void *) = l->closed_cb;
	void *arg = l->closed_arg;
	listener_free(l);
	if (cb)
		cb(arg);
}

static void on_own_handle_closed(uv_handle_t *handle)
{
	unix_listener_handle_closed(handle->data);
}

/* A descriptor that the service manager opened: made fit, its file left alone. */
static int adopt(struct unix_listener *l, const struct unix_listen *spec, struct err *err)
{
	int on = 0;
	socklen_t len = sizeof(on);
	if (getsockopt(spec->fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) < 0 || !on)
		return err_set(err, -EINVAL, NULL, "descriptor %d is no listening socket", spec->fd);
	int flags = fcntl(spec->fd, F_GETFL);
	if (flags < 0 || fcntl(spec->fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(spec->fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_set(err, -errno, NULL, "descriptor %d cannot be used: %s", spec->fd,
			       err_text(-errno));
	l->bound.fd = spec->fd;
	return 0;
}

static void adopted_path(int fd, char *out, size_t size)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0 || !addr.sun_path[0])
		memcpy(addr.sun_path, "(passed)", sizeof("(passed)"));
	size_t n = strnlen(addr.sun_path, sizeof(addr.sun_path));
	n = n < size ? n : size - 1;
	memcpy(out, addr.sun_path, n);
	out[n] = 0;
}

static int bind_or_adopt(struct unix_listener *l, const struct unix_listen *spec, struct err *err)
{
	int rc = spec->fd >= 0 ? adopt(l, spec, err) : unix_bind(&l->bound, spec->path, spec->mode, err);
	if (rc < 0)
		return rc;
	char passed[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	adopted_path(l->bound.fd, passed, sizeof(passed));
	l->owns_file = spec->fd < 0;
	l->path = strdup(spec->path ? spec->path : passed);
	return l->path ? 0 : err_set(err, -ENOMEM, NULL, "out of memory");
}

/* From here on the only way out is unix_listener_close(). */
static int start_handles(struct unix_listener *l, struct err *err)
{
	int rc = uv_poll_init(l->loop, &l->poll, l->bound.fd);
	if (rc < 0)
		return err_set(err, rc, NULL, "listen unix %s: poll: %s", l->path, err_text(rc));
	uv_idle_init(l->loop, &l->again);
	uv_timer_init(l->loop, &l->tick);
	uv_prepare_init(l->loop, &l->turn);
	l->poll.data = l->again.data = l->tick.data = l->turn.data = l;
	l->handles = 4;
	unix_listener_accept(l);
	return 0;
}

int unix_listener_open(struct unix_listener **out, uv_loop_t *loop, const struct unix_listen *spec,
		       const struct unix_handler *handler, const struct clock *clock, struct log *log,
		       struct err *err)
{
	int rc = -ENOMEM;
	struct unix_listener *l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(err, rc, NULL, "out of memory");
	l->loop = loop;
	l->handler = *handler;
	l->clock = clock;
	l->log = log;
	l->max_peers = spec->max_peers ? spec->max_peers : DEFAULT_MAX_PEERS;
	l->next_due = INT64_MAX;
	l->round = 1;
	l->bound.fd = -1;
	l->reserve_fd = unix_listener_open_reserve();
	l->buffer = malloc(UNIX_READ_BYTES);
	if (!l->buffer) {
		rc = err_set(err, rc, NULL, "out of memory");
		goto fail;
	}
	rc = bind_or_adopt(l, spec, err);
	if (rc == 0)
		rc = start_handles(l, err);
	if (rc < 0)
		goto fail;
	*out = l;
	return 0;
fail:
	if (l->bound.fd >= 0) {
		if (l->owns_file)
			unix_bound_remove(&l->bound, l->path);
		close(l->bound.fd);
	}
	listener_free(l);
	return rc;
}

void unix_listener_stop(struct unix_listener *l)
{
	if (!l->stopped && !l->closing)
		uv_poll_stop(&l->poll);
	l->stopped = true;
}

static void remove_file(struct unix_listener *l)
{
	if (l->owns_file)
		unix_bound_remove(&l->bound, l->path);
	l->owns_file = false;
}

void unix_listener_drain(struct unix_listener *l)
{
	if (l->in_turn || l->closing)
		return;
	if (l->stopped) /* nobody new may come between the last accept and the close */
		remove_file(l);
	l->draining = true;
	unix_listener_turn(l, (uint64_t)(2 * NS_PER_S), UINT32_MAX);
	l->draining = false;
	for (struct unix_peer *p = l->open; p; p = l->cursor) {
		l->cursor = p->next;
		unix_peer_drain(p, 4 * UNIX_PROBE_BYTES);
	}
}

void unix_listener_close(struct unix_listener *l, void (*cb)(void *arg), void *arg)
{
	if (l->closing)
		return;
	l->closing = l->stopped = true;
	l->closed_cb = cb;
	l->closed_arg = arg;
	unix_listener_drop_fresh(l);
	for (struct unix_peer *p = l->open; p; p = l->cursor) {
		l->cursor = p->next;
		unix_peer_abort(p);
	}
	remove_file(l);
	uv_poll_stop(&l->poll);
	close(l->bound.fd);
	uv_close((uv_handle_t *)&l->poll, on_own_handle_closed);
	uv_close((uv_handle_t *)&l->again, on_own_handle_closed);
	uv_close((uv_handle_t *)&l->tick, on_own_handle_closed);
	uv_close((uv_handle_t *)&l->turn, on_own_handle_closed);
}

const char *unix_listener_path(const struct unix_listener *l)
{
	return l->path;
}

void unix_listener_get_stats(const struct unix_listener *l, struct unix_listener_stats *out)
{
	*out = l->stats;
}
