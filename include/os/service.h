/* The service manager's side of a daemon, without its library: readiness, status, watchdog and passed sockets.
 *
 * The protocol is the one of sd_notify(3) and sd_listen_fds(3): datagrams of KEY=VALUE lines to $NOTIFY_SOCKET (a path, or `@name` in the
 * abstract name space), and listening descriptors from number 3 on when $LISTEN_PID is our process. launchd and a plain shell
 * set none of these: then everything here does nothing.
 *
 *     struct service_manager m;
 *     service_manager_open(&m, env);
 *     service_manager_tell(&m, "READY=1\nSTATUS=serving");
 *     service_manager_close(&m);
 *
 * `env` is an `environ` list. Nothing is removed from it: children are told apart by the process ids in it. Thread: any, one at a time.
 */
#ifndef AUSPEX_OS_SERVICE_H
#define AUSPEX_OS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVICE_PATH_MAX    109
#define SERVICE_NAME_MAX    64
#define SERVICE_ADDRESS_MAX 46 /* INET6_ADDRSTRLEN */

struct service_manager {
	int fd;              /* connected datagram socket, or -1: nobody listens */
	int64_t watchdog_us; /* longest silence it allows, or 0: no watchdog */
};
/* 0, also when nobody wants to hear; -EINVAL for an address that is neither a path nor `@name`; -errno. On an error `m` is as without
 * a manager. */
int service_manager_open(struct service_manager *m, const char *const *env);
/* Sends one message. 0 (also without a manager) or -errno; never blocks: what a full queue refuses is lost. */
int service_manager_tell(const struct service_manager *m, const char *text);
void service_manager_close(struct service_manager *m);

enum service_socket_kind { SERVICE_UNIX, SERVICE_TCP, SERVICE_OTHER };
struct service_socket {
	int fd;
	enum service_socket_kind kind;     /* SERVICE_OTHER: datagrams, files, sockets that do not listen */
	char name[SERVICE_NAME_MAX];       /* of $LISTEN_FDNAMES, or "" */
	char path[SERVICE_PATH_MAX];       /* SERVICE_UNIX: of its file, or "@name" */
	char address[SERVICE_ADDRESS_MAX]; /* SERVICE_TCP: "127.0.0.1", "::" */
	int port;
};
/* The sockets passed to this process, at most `max`, in their order; each is made close-on-exec. Returns how many. */
size_t service_sockets(const char *const *env, struct service_socket *out, size_t max);

#endif
