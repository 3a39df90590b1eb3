#include "app/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (64u * 1024u * 1024u)

static void set_timeouts(int fd, int64_t ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Reads until the end, or until a newline when `line`. */
static int read_answer(int fd, bool line, struct buf *out)
{
	char chunk[16384];
	for (;;) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return line ? -ECONNRESET : 0;
		buf_append(out, chunk, (size_t)n);
		if (out->failed || out->len > ANSWER_MAX)
			return ERR_FULL;
		if (line && memchr(chunk, '\n', (size_t)n))
			return 0;
	}
}

int client_line(const char *path, struct view message, int64_t timeout_ms, struct buf *reply, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, -ENAMETOOLONG, path, "the socket path is longer than %zu bytes",
			       sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return err_set(err, -errno, NULL, "cannot make a socket: %s", strerror(errno));
	set_timeouts(fd, timeout_ms);
	int rc = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	if (rc == 0)
		rc = send_all(fd, message.data, message.len);
	if (rc == 0 && (!message.len || message.data[message.len - 1] != '\n'))
		rc = send_all(fd, "\n", 1);
	if (rc == 0)
		rc = read_answer(fd, true, reply);
	close(fd);
	if (rc < 0)
		err_set(err, rc, path, "no answer from the daemon: %s (is it running? auspex status)",
			err_text(rc));
	return rc;
}

static int connect_port(int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	set_timeouts(fd, 2000);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

/* Splits head and body; joins chunks where the body came in such. */
static int take_body(struct buf *raw, int *status, struct buf *out)
{
	const char *text = buf_str(raw);
	const char *end = strstr(text, "\r\n\r\n");
	if (!end || sscanf(text, "HTTP/1.%*d %d", status) != 1)
		return -EPROTO;
	bool chunked = false;
	for (const char *p = text; p && p < end; p = strstr(p, "\r\n"), p = p ? p + 2 : NULL)
		if (strncasecmp(p, "transfer-encoding: chunked", 26) == 0)
			chunked = true;
	const char *body = end + 4;
	size_t left = raw->len - (size_t)(body - text);
	if (!chunked) {
		buf_append(out, body, left);
		return 0;
	}
	while (left) {
		char *after;
		unsigned long n = strtoul(body, &after, 16);
		if (after == body || strncmp(after, "\r\n", 2) != 0)
			return -EPROTO;
		after += 2;
		left = raw->len - (size_t)(after - text);
		if (n == 0)
			return 0;
		if (n + 2 > left)
			return -EPROTO;
		buf_append(out, after, n);
		body = after + n + 2;
		left -= n + 2;
	}
	return 0;
}

int client_http(int port, const char *target, struct view body, const char *api_key, int64_t timeout_ms,
		int *status, struct buf *out, struct err *err)
{
	struct buf request, raw;
	buf_init(&request);
	buf_init(&raw);
	buf_printf(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n",
		   body.data ? "POST" : "GET", target, port);
	if (api_key && *api_key)
		buf_printf(&request, "X-API-Key: %s\r\n", api_key);
	if (body.data)
		buf_printf(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.len);
	buf_puts(&request, "\r\n");
	buf_view(&request, body);

	int fd = connect_port(port);
	int rc = fd < 0 ? fd : 0;
	if (rc == 0) {
		set_timeouts(fd, timeout_ms);
		rc = request.failed ? -ENOMEM : send_all(fd, request.data, request.len);
	}
	if (rc == 0)
		rc = read_answer(fd, false, &raw);
	if (rc == 0)
		rc = take_body(&raw, status, out);
	if (fd >= 0)
		close(fd);
	buf_fini(&request);
	buf_fini(&raw);
	if (rc < 0)
		err_set(err, rc, NULL,
			"no answer from http://127.0.0.1:%d: %s (is the daemon running? auspex status)", port,
			err_text(rc));
	return rc;
}

void client_encode(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-._~:/,*", c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}
