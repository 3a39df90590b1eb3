/* Load for the benchmarks: what clients send, as fast as one thread can.
 *
 *   load oneshot SOCKET N         N connections, one captured-size run each
 *   load stream SOCKET N COMMANDS N runs of 442 bytes over one connection
 *   load push SOCKET N PER [CLIENTS]  N pushes of PER runs by each of so many clients (1); each waits for its reply
 * prints seconds taken and how many could not be sent;
 *   load ask PORT PATH SECONDS    GETs over one connection, two milliseconds apart
 * prints the median and the 99th percentile of the answer times in milliseconds, and their number. */
#include "bench_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int oneshot(const char *path, long n)
{
	char run[RUN_BYTES];
	long lost = 0;
	make_run(run, 1);
	double start = now();
	for (long i = 0; i < n; i++) {
		int fd = connect_to(path);
		if (fd < 0 || send_all(fd, run, RUN_BYTES) < 0)
			lost++;
		if (fd >= 0)
			close(fd);
	}
	printf("%.6f %ld\n", now() - start, lost);
	return 0;
}

static int stream(const char *path, long n, unsigned commands)
{
	char *block = malloc((size_t)commands * RUN_BYTES + 1024);
	for (unsigned c = 0; c < commands; c++)
		make_run(block + (size_t)c * RUN_BYTES, c);
	int fd = connect_to(path);
	double start = now();
	long left = n;
	while (fd >= 0 && left > 0) {
		long take = left < (long)commands ? left : (long)commands;
		if (send_all(fd, block, (size_t)take * RUN_BYTES) < 0)
			break;
		left -= take;
	}
	if (fd >= 0)
		close(fd);
	free(block);
	printf("%.6f %ld\n", now() - start, left);
	return 0;
}

/* Returns how many were not acknowledged. */
static long push(const char *path, long n, unsigned per)
{
	char *message = malloc((size_t)per * (RUN_BYTES + 1) + 1024), reply[65536];
	strcpy(message, "{\"type\":\"push\",\"runs\":[");
	size_t len = strlen(message);
	for (unsigned i = 0; i < per; i++) {
		make_run(message + len, i % 100);
		len += RUN_BYTES;
		message[len++] = ',';
	}
	strcpy(message + len - (per ? 1 : 0), "]}\n");
	len = strlen(message);
	int fd = connect_to(path);
	long left = n;
	while (fd >= 0 && left > 0) {
		size_t got = 0;
		if (send_all(fd, message, len) < 0)
			break;
		do {
			ssize_t r = recv(fd, reply + got, sizeof(reply) - 1 - got, 0);
			if (r <= 0)
				goto out;
			got += (size_t)r;
		} while (reply[got - 1] != '\n');
		reply[got] = 0;
		if (!strstr(reply, "\"status\":\"ok\""))
			break;
		left--;
	}
out:
	if (fd >= 0)
		close(fd);
	free(message);
	return left;
}

static int push_from(const char *path, long n, unsigned per, int clients)
{
	double start = now();
	long failed = 0;
	int status;
	for (int i = 0; i < clients; i++)
		if (fork() == 0)
			_exit(push(path, n, per) != 0);
	while (wait(&status) > 0)
		failed += status != 0;
	printf("%.6f %ld\n", now() - start, failed);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static int connect_port(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* The answers asked for come in one piece: small, from a server on this machine. */
static int ask(int port, const char *path, double seconds)
{
	static double times[1 << 20];
	char request[512], reply[65536];
	size_t n = 0;
	int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
	int fd = connect_port(port);
	for (double end = now() + seconds; fd >= 0 && now() < end && n < sizeof(times) / sizeof(*times);) {
		double start = now();
		if (send_all(fd, request, (size_t)len) < 0 || recv(fd, reply, sizeof(reply), 0) <= 0)
			break;
		times[n++] = (now() - start) * 1e3;
		usleep(2000);
	}
	if (fd >= 0)
		close(fd);
	if (!n)
		return 1;
	qsort(times, n, sizeof(*times), by_value);
	printf("%.3f %.3f %zu\n", times[n / 2], times[n * 99 / 100], n);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "oneshot") == 0)
		return oneshot(argv[2], atol(argv[3]));
	if (argc >= 5 && strcmp(argv[1], "stream") == 0)
		return stream(argv[2], atol(argv[3]), (unsigned)atoi(argv[4]));
	if (argc >= 5 && strcmp(argv[1], "push") == 0)
		return push_from(argv[2], atol(argv[3]), (unsigned)atoi(argv[4]),
				 argc > 5 ? atoi(argv[5]) : 1);
	if (argc >= 5 && strcmp(argv[1], "ask") == 0)
		return ask(atoi(argv[2]), argv[3], atof(argv[4]));
	fputs("load oneshot|stream|push SOCKET N [COMMANDS|PER [CLIENTS]], load ask PORT PATH SECONDS\n",
	      stderr);
	return 2;
}
