#include "support.h"

#include "net/unix_datagram.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct world {
	uv_loop_t loop;
	struct unix_datagram *d;
	char dir[40], path[60];
	int sender;
	uint64_t packets, bytes;
	char last[64];
	bool closed;
};

static void on_packet(void *arg, const char *data, size_t len)
{
	struct world *w = arg;
	w->packets++;
	w->bytes += len;
	snprintf(w->last, sizeof(w->last), "%.*s", (int)(len < 60 ? len : 60), data);
}

static void on_closed(void *arg)
{
	((struct world *)arg)->closed = true;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	strcpy(w->dir, "/tmp/auspex-dgram-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/s", w->dir);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	w->sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	if (w->d) {
		unix_datagram_close(w->d, on_closed, w);
		uv_run(&w->loop, UV_RUN_DEFAULT);
		assert_true(w->closed);
	}
	assert_int_equal(uv_loop_close(&w->loop), 0);
	close(w->sender);
	unlink(w->path);
	rmdir(w->dir);
	free(w);
	return 0;
}

static int open_at(struct world *w, unsigned mode, struct err *err)
{
	return unix_datagram_open(&w->d, &w->loop, w->path, mode, on_packet, w, err);
}

static ssize_t send_to(struct world *w, const char *data, size_t len)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	strcpy(addr.sun_path, w->path);
	return sendto(w->sender, data, len, 0, (struct sockaddr *)&addr, sizeof(addr));
}

static void packets_arrive_whole(void **state)
{
	struct world *w = *state;
	assert_int_equal(open_at(w, 0600, NULL), 0);
	assert_int_equal(send_to(w, "a:1|c", 5), 5);
	assert_int_equal(send_to(w, "", 0), 0);
	assert_int_equal(send_to(w, "b:2|c\n", 6), 6);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(w->packets, 3);
	assert_string_equal(w->last, "b:2|c\n");
}

static void what_the_kernel_holds_comes_in_one_turn(void **state)
{
	struct world *w = *state;
	uint64_t sent = 0;
	assert_int_equal(open_at(w, 0600, NULL), 0);
	while (sent < 100 && send_to(w, "x", 1) == 1)
		sent++;
	assert_true(sent >= 10);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(w->packets, sent);
}

static void the_longest_packet_and_one_too_long(void **state)
{
	struct world *w = *state;
	static char big[UNIX_DATAGRAM_MAX + 1];
	struct unix_datagram_stats s;
	assert_int_equal(open_at(w, 0600, NULL), 0);
	assert_int_equal(send_to(w, big, UNIX_DATAGRAM_MAX), UNIX_DATAGRAM_MAX);
	assert_int_equal(send_to(w, big, UNIX_DATAGRAM_MAX + 1), UNIX_DATAGRAM_MAX + 1);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(w->packets, 1);
	assert_int_equal(w->bytes, UNIX_DATAGRAM_MAX);
	unix_datagram_get_stats(w->d, &s);
	assert_int_equal(s.packets, 2);
	assert_int_equal(s.truncated, 1);
}

static void the_file_has_the_mode_asked_for(void **state)
{
	struct world *w = *state;
	struct stat st;
	assert_int_equal(open_at(w, 0620, NULL), 0);
	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0620);
	assert_string_equal(unix_datagram_path(w->d), w->path);
}

static void a_socket_somebody_reads_is_left_alone(void **state)
{
	struct world *w = *state;
	struct unix_datagram *second = NULL;
	struct err err = { 0 };
	assert_int_equal(open_at(w, 0600, NULL), 0);
	assert_int_equal(unix_datagram_open(&second, &w->loop, w->path, 0600, on_packet, w, &err),
			 ERR_LOCKED);
	assert_non_null(strstr(err.text, "live process"));
	assert_int_equal(send_to(w, "x", 1), 1);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(w->packets, 1);
}

static void a_dead_socket_is_replaced(void **state)
{
	struct world *w = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int dead = socket(AF_UNIX, SOCK_DGRAM, 0);
	strcpy(addr.sun_path, w->path);
	assert_int_equal(bind(dead, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(dead);
	assert_int_equal(open_at(w, 0600, NULL), 0);
	assert_int_equal(send_to(w, "x", 1), 1);
}

static void a_file_in_the_way_is_told_and_kept(void **state)
{
	struct world *w = *state;
	struct err err = { 0 };
	fclose(fopen(w->path, "w"));
	assert_int_equal(open_at(w, 0600, &err), -EEXIST);
	assert_non_null(strstr(err.text, "regular file"));
	assert_int_equal(access(w->path, F_OK), 0);
}

static void closing_hands_on_what_had_arrived_and_removes_the_file(void **state)
{
	struct world *w = *state;
	assert_int_equal(open_at(w, 0600, NULL), 0);
	assert_int_equal(send_to(w, "last", 4), 4);
	unix_datagram_close(w->d, on_closed, w);
	w->d = NULL;
	assert_int_equal(w->packets, 1);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_true(w->closed);
	assert_int_equal(access(w->path, F_OK), -1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(packets_arrive_whole),
		T(what_the_kernel_holds_comes_in_one_turn),
		T(the_longest_packet_and_one_too_long),
		T(the_file_has_the_mode_asked_for),
		T(a_socket_somebody_reads_is_left_alone),
		T(a_dead_socket_is_replaced),
		T(a_file_in_the_way_is_told_and_kept),
		T(closing_hands_on_what_had_arrived_and_removes_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
