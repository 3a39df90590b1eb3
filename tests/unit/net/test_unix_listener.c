#include "support.h"

#include "net/unix_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* One connection as the recording handler saw it. */
struct seen {
	struct fixture *f;
	struct unix_peer *peer;
	struct buf data;
	int ends, status, closes, reads;
};

#define MAX_SEEN 16000
struct fixture {
	uv_loop_t loop;
	struct clock_fake clock;
	struct unix_listener *l;
	struct unix_listen spec;
	char dir[64], path[128];
	struct seen *seen;
	int n_seen, n_ends, n_closes;
	uint64_t bytes;
	bool refuse, keep_open, pause_after_read, closed;
	const char *reply;
	size_t reply_len;
	int64_t idle_ms;
	uint64_t spin_ns; /* how long a read keeps the processor */
};

static void *on_open(void *arg, struct unix_peer *p)
{
	struct fixture *f = arg;
	if (f->refuse || f->n_seen == MAX_SEEN)
		return NULL;
	struct seen *s = &f->seen[f->n_seen++];
	*s = (struct seen){ .f = f, .peer = p };
	if (f->idle_ms)
		unix_peer_idle_timeout(p, f->idle_ms);
	return s;
}

static void on_data(void *user, const char *data, size_t len)
{
	struct seen *s = user;
	s->reads++;
	s->f->bytes += len;
	for (uint64_t until = uv_hrtime() + s->f->spin_ns; uv_hrtime() < until;)
		;
	if (s->data.len < 1024)
		buf_append(&s->data, data, len);
	if (s->f->pause_after_read)
		unix_peer_pause(s->peer);
	if (s->f->reply)
		unix_peer_write(s->peer, s->f->reply, s->f->reply_len);
}

static void on_end(void *user, int status)
{
	struct seen *s = user;
	s->ends++;
	s->f->n_ends++;
	s->status = status;
	if (!s->f->keep_open)
		unix_peer_close(s->peer);
}

static void on_close(void *user)
{
	struct seen *s = user;
	s->closes++;
	s->f->n_closes++;
	s->peer = NULL;
}

static void on_listener_closed(void *arg)
{
	((struct fixture *)arg)->closed = true;
}

static int open_listener(struct fixture *f, struct err *err)
{
	struct unix_handler h = { on_open, on_data, on_end, on_close, f };
	return unix_listener_open(&f->l, &f->loop, &f->spec, &h, &f->clock.clock, NULL, err);
}

static void bare_setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->seen = calloc(MAX_SEEN, sizeof(*f->seen));
	uv_loop_init(&f->loop);
	clock_fake_init(&f->clock, 0);
	strcpy(f->dir, "/tmp/auspex-unix-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/a.sock", f->dir);
	f->spec = (struct unix_listen){ .path = f->path, .mode = 0600, .fd = -1 };
}

static void setup(struct fixture *f)
{
	struct err err = { 0 };
	bare_setup(f);
	assert_int_equal(open_listener(f, &err), 0);
}

static void turns(struct fixture *f, int n)
{
	while (n-- > 0)
		uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void teardown(struct fixture *f)
{
	if (f->l) {
		unix_listener_close(f->l, on_listener_closed, f);
		uv_run(&f->loop, UV_RUN_DEFAULT);
		assert_true(f->closed);
	}
	for (int i = 0; i < f->n_seen; i++) {
		assert_int_equal(f->seen[i].closes, 1);
		assert_true(f->seen[i].ends <= 1);
		buf_fini(&f->seen[i].data);
	}
	assert_int_equal(uv_loop_close(&f->loop), 0);
	unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f->seen);
}

static int dial(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	memcpy(a.sun_path, path, strnlen(path, sizeof(a.sun_path) - 1));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void send_once(const char *path, const char *text)
{
	int fd = dial(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* --- binding --- */

static void test_mode_is_exact(void **state)
{
	struct fixture f;
	struct stat st;
	mode_t old = umask(0077);
	bare_setup(&f);
	f.spec.mode = 0666; /* wider than the umask allows */
	assert_int_equal(open_listener(&f, NULL), 0);
	umask(old);
	assert_int_equal(stat(f.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	teardown(&f);
}

static void assert_refused(struct fixture *f, int code, const char *text)
{
	struct err err = { 0 };
	assert_int_equal(open_listener(f, &err), code);
	assert_string_equal(err.text, text);
	assert_int_equal(err.code, code);
	f->l = NULL;
}

static void test_regular_file_is_refused_and_kept(void **state)
{
	struct fixture f;
	struct stat st;
	char text[256];
	bare_setup(&f);
	close(open(f.path, O_CREAT | O_WRONLY, 0644));
	snprintf(text, sizeof(text),
		 "there is a regular file at the socket path %s: move it away or choose another path",
		 f.path);
	assert_refused(&f, -EEXIST, text);
	assert_int_equal(stat(f.path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	teardown(&f);
}

static void test_directory_is_refused(void **state)
{
	struct fixture f;
	char text[256];
	bare_setup(&f);
	mkdir(f.path, 0755);
	snprintf(text, sizeof(text),
		 "there is a directory at the socket path %s: move it away or choose another path", f.path);
	assert_refused(&f, -EEXIST, text);
	rmdir(f.path);
	teardown(&f);
}

static void test_link_is_refused_even_to_a_stale_socket(void **state)
{
	struct fixture f;
	char text[256];
	bare_setup(&f);
	assert_int_equal(symlink("nowhere", f.path), 0);
	snprintf(text, sizeof(text),
		 "there is a symbolic link at the socket path %s: move it away or choose another path",
		 f.path);
	assert_refused(&f, -EEXIST, text);
	teardown(&f);
}

static void test_stale_socket_is_replaced(void **state)
{
	struct fixture f;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	bare_setup(&f);
	strcpy(a.sun_path, f.path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	assert_int_equal(open_listener(&f, NULL), 0);
	send_once(f.path, "x");
	turns(&f, 3);
	assert_int_equal(f.n_closes, 1);
	teardown(&f);
}

static void test_live_socket_is_refused_and_lives_on(void **state)
{
	struct fixture f, second;
	char text[256];
	setup(&f);
	bare_setup(&second);
	second.spec.path = f.path;
	snprintf(text, sizeof(text),
		 "a live process is listening on %s: stop it first or choose another path", f.path);
	assert_refused(&second, ERR_LOCKED, text);
	send_once(f.path, "still here");
	turns(&f, 3);
	assert_int_equal(f.bytes, 10);
	teardown(&second);
	teardown(&f);
}

static void test_path_of_107_bytes_works_108_does_not(void **state)
{
	struct fixture f, second;
	char longest[200], text[512];
	bare_setup(&f);
	size_t dir = (size_t)snprintf(longest, sizeof(longest), "%s/", f.dir);
	memset(longest + dir, 'p', 107 - dir);
	longest[107] = 0;
	strcpy(f.path, longest);
	assert_int_equal(open_listener(&f, NULL), 0);
	send_once(longest, "x");
	turns(&f, 3);
	assert_int_equal(f.n_closes, 1);
	bare_setup(&second);
	strcat(longest, "p");
	second.spec.path = longest;
	snprintf(text, sizeof(text),
		 "socket path is 108 bytes long; the system allows 107: choose a shorter path than %s",
		 longest);
	assert_refused(&second, -ENAMETOOLONG, text);
	teardown(&second);
	teardown(&f);
}

static void test_missing_directory_reads_as_before(void **state)
{
	struct fixture f;
	bare_setup(&f);
	f.spec.path = "/no/such/dir/a.sock";
	assert_refused(&f, -ENOENT, "listen unix /no/such/dir/a.sock: bind: no such file or directory");
	teardown(&f);
}

static void test_file_is_removed_at_close_only_if_ours(void **state)
{
	struct fixture f;
	struct stat st;
	setup(&f);
	unix_listener_close(f.l, on_listener_closed, &f);
	f.l = NULL;
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(lstat(f.path, &st), -1);
	assert_int_equal(open_listener(&f, NULL), 0);
	unlink(f.path);
	close(open(f.path, O_CREAT | O_WRONLY, 0644));
	unix_listener_close(f.l, on_listener_closed, &f);
	f.l = NULL;
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(lstat(f.path, &st), 0);
	teardown(&f);
}

static void test_passed_descriptor_keeps_its_file(void **state)
{
	struct fixture f;
	struct stat st;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	bare_setup(&f);
	strcpy(a.sun_path, f.path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	f.spec.fd = fd;
	f.spec.path = NULL;
	assert_int_equal(open_listener(&f, NULL), -EINVAL); /* not listening yet; and still the caller's */
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(open_listener(&f, NULL), 0);
	assert_string_equal(unix_listener_path(f.l), f.path);
	send_once(f.path, "x");
	turns(&f, 3);
	assert_int_equal(f.n_closes, 1);
	unix_listener_close(f.l, on_listener_closed, &f);
	f.l = NULL;
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(lstat(f.path, &st), 0);
	teardown(&f);
}

/* --- reading --- */

static void test_one_shot(void **state)
{
	struct fixture f;
	setup(&f);
	send_once(f.path, "{\"a\":1}");
	turns(&f, 1); /* accepted, read, ended and gone in one turn, without a handle */
	assert_int_equal(f.n_seen, 1);
	assert_string_equal(buf_str(&f.seen[0].data), "{\"a\":1}");
	assert_int_equal(f.seen[0].status, 0);
	assert_int_equal(f.seen[0].closes, 1);
	struct unix_listener_stats st;
	unix_listener_get_stats(f.l, &st);
	assert_int_equal(st.accepted, 1);
	assert_int_equal(st.bytes_in, 7);
	assert_int_equal(st.open_peers, 0);
	teardown(&f);
}

static void test_empty_connection(void **state)
{
	struct fixture f;
	setup(&f);
	close(dial(f.path));
	turns(&f, 2);
	assert_int_equal(f.n_closes, 1);
	assert_int_equal(f.seen[0].reads, 0);
	assert_int_equal(f.seen[0].ends, 1);
	teardown(&f);
}

static void test_single_byte_writes(void **state)
{
	struct fixture f;
	const char *text = "{\"command\":\"x\"}";
	setup(&f);
	int fd = dial(f.path);
	for (const char *s = text; *s; s++) {
		assert_int_equal(write(fd, s, 1), 1);
		turns(&f, 2);
	}
	close(fd);
	turns(&f, 3);
	assert_string_equal(buf_str(&f.seen[0].data), text);
	assert_int_equal(f.seen[0].reads, 15);
	assert_int_equal(f.n_closes, 1);
	teardown(&f);
}

static void test_half_close_can_still_be_answered(void **state)
{
	struct fixture f;
	char reply[16] = "";
	setup(&f);
	f.keep_open = true;
	int fd = dial(f.path);
	assert_int_equal(write(fd, "ask", 3), 3);
	shutdown(fd, SHUT_WR);
	turns(&f, 5);
	assert_int_equal(f.seen[0].ends, 1);
	assert_int_equal(f.seen[0].status, 0);
	assert_int_equal(f.seen[0].closes, 0);
	assert_int_equal(unix_peer_write(f.seen[0].peer, "answer", 6), 0);
	unix_peer_close(f.seen[0].peer);
	assert_int_equal(f.seen[0].closes, 0); /* not from inside the call */
	turns(&f, 3);
	assert_int_equal(f.seen[0].closes, 1);
	assert_int_equal(read(fd, reply, sizeof(reply)), 6);
	assert_string_equal(reply, "answer");
	assert_int_equal(read(fd, reply, sizeof(reply)), 0);
	close(fd);
	teardown(&f);
}

/* The peer closes with our answer unread: what it sent before is read, then the reset is told. */
static void test_reset_after_data(void **state)
{
	struct fixture f;
	setup(&f);
	f.reply = "unwanted";
	f.reply_len = 8;
	int fd = dial(f.path);
	assert_int_equal(write(fd, "one", 3), 3);
	turns(&f, 3);
	f.reply = NULL;
	assert_int_equal(write(fd, "two", 3), 3);
	close(fd);
	turns(&f, 5);
	assert_string_equal(buf_str(&f.seen[0].data), "onetwo");
	assert_int_equal(f.seen[0].ends, 1);
	assert_int_equal(f.seen[0].status, -ECONNRESET);
	assert_int_equal(f.seen[0].closes, 1);
	teardown(&f);
}

static void test_refused_peer_is_closed(void **state)
{
	struct fixture f;
	char c;
	struct unix_listener_stats st;
	setup(&f);
	f.refuse = true;
	int fd = dial(f.path);
	turns(&f, 2);
	assert_int_equal(read(fd, &c, 1), 0);
	unix_listener_get_stats(f.l, &st);
	assert_int_equal(st.refused, 1);
	close(fd);
	teardown(&f);
}

static void test_max_peers(void **state)
{
	struct fixture f;
	struct unix_listener_stats st;
	bare_setup(&f);
	f.spec.max_peers = 2;
	assert_int_equal(open_listener(&f, NULL), 0);
	int a = dial(f.path), b = dial(f.path), c = dial(f.path);
	turns(&f, 3);
	unix_listener_get_stats(f.l, &st);
	assert_int_equal(st.open_peers, 2);
	assert_int_equal(st.refused, 1);
	close(a);
	turns(&f, 3);
	int d = dial(f.path); /* room again */
	turns(&f, 3);
	unix_listener_get_stats(f.l, &st);
	assert_int_equal(st.open_peers, 2);
	assert_int_equal(st.refused, 1);
	close(b), close(c), close(d);
	teardown(&f);
}

static void test_pause_and_resume(void **state)
{
	struct fixture f;
	setup(&f);
	f.pause_after_read = true;
	int fd = dial(f.path);
	assert_int_equal(write(fd, "one", 3), 3);
	turns(&f, 3);
	assert_int_equal(write(fd, "two", 3), 3);
	close(fd);
	turns(&f, 5);
	assert_string_equal(buf_str(&f.seen[0].data), "one");
	assert_int_equal(f.seen[0].ends, 0);
	unix_peer_resume(f.seen[0].peer);
	turns(&f, 3);
	assert_string_equal(buf_str(&f.seen[0].data), "onetwo");
	assert_int_equal(f.seen[0].ends, 0); /* paused again by the handler */
	f.pause_after_read = false;
	unix_peer_resume(f.seen[0].peer);
	turns(&f, 3);
	assert_int_equal(f.seen[0].ends, 1);
	assert_int_equal(f.seen[0].closes, 1);
	teardown(&f);
}

static void test_paused_peer_that_leaves_does_not_spin(void **state)
{
	struct fixture f;
	setup(&f);
	f.pause_after_read = true;
	send_once(f.path, "x");
	turns(&f, 3);
	assert_int_equal(uv_backend_timeout(&f.loop), -1); /* nothing is due: the loop may sleep */
	unix_peer_close(f.seen[0].peer);
	turns(&f, 2);
	assert_int_equal(f.seen[0].closes, 1);
	assert_int_equal(f.seen[0].ends, 0);
	teardown(&f);
}

/* A flood on one connection must leave room for others within the same turns. */
static void test_reading_is_fair(void **state)
{
	struct fixture f;
	setup(&f);
	int flood = dial(f.path);
	fcntl(flood, F_SETFL, O_NONBLOCK);
	static const char block[65536];
	turns(&f, 2);
	for (int i = 0; i < 50; i++) {
		while (write(flood, block, sizeof(block)) > 0)
			;
		uint64_t before = f.bytes;
		send_once(f.path, "me too");
		turns(&f, 1);
		assert_true(f.bytes - before <= 256 * 1024 + 6);
		assert_int_equal(f.n_closes, i + 1);
	}
	close(flood);
	teardown(&f);
}

static int reads_of_all(const struct fixture *f)
{
	int n = 0;
	for (int i = 0; i < f->n_seen; i++)
		n += f->seen[i].reads;
	return n;
}

/* Thirty connections that always have something to say and are dear to read: each turn is short, and all come to their turn equally. */
static void test_busy_peers_share_a_short_turn(void **state)
{
	enum { PEERS = 30 };
	struct fixture f;
	int fd[PEERS];
	setup(&f);
	for (int i = 0; i < PEERS; i++)
		fd[i] = dial(f.path);
	turns(&f, 3);
	assert_int_equal(f.n_seen, PEERS);
	for (int i = 0; i < PEERS; i++)
		for (int k = 0; k < 10; k++)
			assert_int_equal(write(fd[i], "0123456789abcdef", 16), 16);
	f.spin_ns = (uint64_t)(2 * NS_PER_MS);
	for (int want = PEERS, turned = 0; want <= 3 * PEERS; want += PEERS) {
		while (reads_of_all(&f) < want) {
			for (int i = 0; i < PEERS; i++)
				assert_int_equal(write(fd[i], "x", 1), 1);
			int before = reads_of_all(&f);
			turns(&f, 1);
			turned++;
			assert_true(reads_of_all(&f) - before <= 3);
			assert_true(turned < 200);
		}
		int least = INT32_MAX, most = 0;
		for (int i = 0; i < PEERS; i++) {
			least = f.seen[i].reads < least ? f.seen[i].reads : least;
			most = f.seen[i].reads > most ? f.seen[i].reads : most;
		}
		assert_true(most - least <= 1);
	}
	for (int i = 0; i < PEERS; i++)
		close(fd[i]);
	f.spin_ns = 0;
	teardown(&f);
}

/* --- writing --- */

static char *big_reply(size_t n)
{
	char *s = malloc(n);
	for (size_t i = 0; i < n; i++)
		s[i] = (char)('a' + i % 26);
	return s;
}

static void test_large_reply_is_kept_and_flushed_before_close(void **state)
{
	struct fixture f;
	size_t n = 900000, got = 0;
	char *reply = big_reply(n), *back = malloc(n);
	setup(&f);
	f.keep_open = true;
	int fd = dial(f.path);
	turns(&f, 3);
	assert_int_equal(unix_peer_write(f.seen[0].peer, reply, n), 0);
	unix_peer_close(f.seen[0].peer);
	assert_int_equal(unix_peer_write(f.seen[0].peer, "x", 1), ERR_CLOSED);
	turns(&f, 3);
	assert_int_equal(f.seen[0].closes, 0); /* most of it waits */
	for (ssize_t r = 1; r > 0; turns(&f, 1)) {
		r = read(fd, back + got, n - got);
		got += r > 0 ? (size_t)r : 0;
	}
	assert_int_equal(got, n);
	assert_memory_equal(back, reply, n);
	assert_int_equal(f.seen[0].closes, 1);
	close(fd);
	free(reply);
	free(back);
	teardown(&f);
}

static void test_peer_that_never_fetches_is_cut_off(void **state)
{
	struct fixture f;
	char *reply = big_reply(512 * 1024);
	int rc = 0;
	setup(&f);
	int fd = dial(f.path);
	turns(&f, 3);
	for (int i = 0; i < 10 && rc == 0; i++)
		rc = unix_peer_write(f.seen[0].peer, reply, 512 * 1024);
	assert_int_equal(rc, ERR_FULL);
	turns(&f, 3);
	assert_int_equal(f.seen[0].closes, 1);
	close(fd);
	free(reply);
	teardown(&f);
}

static void test_lingering_close_is_bounded(void **state)
{
	struct fixture f;
	char *reply = big_reply(900000);
	setup(&f);
	int fd = dial(f.path);
	turns(&f, 3);
	assert_int_equal(unix_peer_write(f.seen[0].peer, reply, 900000), 0);
	unix_peer_close(f.seen[0].peer);
	clock_fake_advance(&f.clock, 6 * NS_PER_S);
	for (int i = 0; i < 100 && !f.seen[0].closes; i++)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(f.seen[0].closes, 1);
	close(fd);
	free(reply);
	teardown(&f);
}

static void test_write_to_a_gone_peer(void **state)
{
	struct fixture f;
	setup(&f);
	f.keep_open = true;
	send_once(f.path, "x");
	turns(&f, 3);
	assert_int_equal(unix_peer_write(f.seen[0].peer, "y", 1), -EPIPE); /* and no SIGPIPE */
	turns(&f, 2);
	assert_int_equal(f.seen[0].closes, 1);
	teardown(&f);
}

static void test_peer_ids(void **state)
{
	struct fixture f;
	setup(&f);
	int fd = dial(f.path);
	turns(&f, 3);
	struct unix_ids ids = unix_peer_ids(f.seen[0].peer);
	assert_int_equal(ids.uid, getuid());
	assert_int_equal(ids.gid, getgid());
	assert_int_equal(ids.pid, getpid());
	close(fd);
	teardown(&f);
}

/* --- time --- */

static void run_ticks(struct fixture *f, int n)
{
	uint64_t until = uv_hrtime() + (uint64_t)n * 260 * 1000000;
	while (uv_hrtime() < until && !f->n_ends)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static void test_idle_timeout(void **state)
{
	struct fixture f;
	setup(&f);
	f.idle_ms = 5000;
	int fd = dial(f.path);
	turns(&f, 3);
	clock_fake_advance(&f.clock, 4 * NS_PER_S);
	assert_int_equal(write(fd, "x", 1), 1); /* re-arms */
	turns(&f, 3);
	clock_fake_advance(&f.clock, 4 * NS_PER_S);
	run_ticks(&f, 2);
	assert_int_equal(f.n_ends, 0);
	clock_fake_advance(&f.clock, 2 * NS_PER_S);
	run_ticks(&f, 4);
	assert_int_equal(f.seen[0].ends, 1);
	assert_int_equal(f.seen[0].status, -ETIMEDOUT);
	turns(&f, 2);
	assert_int_equal(f.seen[0].closes, 1);
	assert_int_equal(uv_backend_timeout(&f.loop), -1); /* the tick rests when no deadline is left */
	close(fd);
	teardown(&f);
}

/* --- many --- */

static void flood(const char *path, int n)
{
	for (int i = 0; i < n; i++) {
		char text[64];
		int len = snprintf(text, sizeof(text), "run %d", i);
		int fd = dial(path);
		if (fd < 0 || write(fd, text, (size_t)len) != len)
			_exit(1);
		close(fd);
	}
	_exit(0);
}

static void raise_descriptors(rlim_t n)
{
	struct rlimit rl;
	getrlimit(RLIMIT_NOFILE, &rl);
	if (rl.rlim_cur < n && rl.rlim_max >= n) {
		rl.rlim_cur = n;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static void test_ten_thousand_one_shots_none_lost(void **state)
{
	struct fixture f;
	int status;
	raise_descriptors(8192);
	setup(&f);
	pid_t pid = fork();
	if (pid == 0)
		flood(f.path, 10000);
	while (f.n_closes < 10000)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(f.n_seen, 10000);
	for (int i = 0; i < 10000; i++) { /* in order, too */
		char text[64];
		snprintf(text, sizeof(text), "run %d", i);
		assert_string_equal(buf_str(&f.seen[i].data), text);
	}
	teardown(&f);
}

static void test_thousand_idle_peers_do_not_hold_up_the_next(void **state)
{
	struct fixture f;
	static int fds[1000];
	raise_descriptors(4096);
	setup(&f);
	for (int i = 0; i < 1000; i++) {
		fds[i] = dial(f.path);
		assert_true(fds[i] >= 0);
		if (i % 100 == 0)
			turns(&f, 1);
	}
	turns(&f, 10);
	assert_int_equal(f.n_seen, 1000);
	uint64_t start = uv_hrtime();
	for (int i = 0; i < 20; i++)
		send_once(f.path, "run");
	turns(&f, 2);
	assert_int_equal(f.n_closes, 20);
	assert_true(uv_hrtime() - start < 100 * 1000000);
	for (int i = 0; i < 1000; i++)
		close(fds[i]);
	turns(&f, 10);
	assert_int_equal(f.n_closes, 1020);
	teardown(&f);
}

static void test_no_descriptors_left(void **state)
{
	struct fixture f;
	struct unix_listener_stats st;
	char c;
	setup(&f);
	int waiting[3];
	for (int i = 0; i < 3; i++)
		waiting[i] = dial(f.path); /* silent ones: turned away */
	send_once(f.path, "complete");     /* served by the reserve */
	struct rlimit old, tight;
	getrlimit(RLIMIT_NOFILE, &old);
	tight = old;
	int next = dup(0);
	close(next);
	tight.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &tight);
	turns(&f, 6);
	setrlimit(RLIMIT_NOFILE, &old);
	unix_listener_get_stats(f.l, &st);
	assert_int_equal(st.no_descriptors, 3);
	assert_int_equal(st.accepted, 4);
	assert_int_equal(f.bytes, 8);
	assert_int_equal(f.n_closes, 4);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read(waiting[i], &c, 1), 0);
		close(waiting[i]);
	}
	send_once(f.path, "later"); /* recovered */
	turns(&f, 3);
	assert_int_equal(f.bytes, 13);
	teardown(&f);
}

/* --- shutdown --- */

static void test_stop_lets_existing_peers_go_on(void **state)
{
	struct fixture f;
	setup(&f);
	int fd = dial(f.path);
	turns(&f, 3);
	unix_listener_stop(f.l);
	int late = dial(f.path);
	assert_int_equal(write(fd, "x", 1), 1);
	turns(&f, 3);
	assert_int_equal(f.n_seen, 1);
	assert_int_equal(f.bytes, 1);
	close(fd);
	close(late);
	teardown(&f);
}

static void test_drain_takes_what_waits(void **state)
{
	struct fixture f;
	setup(&f);
	int slow = dial(f.path);
	turns(&f, 3);
	unix_listener_stop(f.l);
	for (int i = 0; i < 100; i++)
		send_once(f.path, "x");
	assert_int_equal(write(slow, "yyy", 3), 3);
	unix_listener_drain(f.l);
	assert_int_equal(f.bytes, 103);
	assert_int_equal(f.n_closes, 100);
	assert_int_equal(dial(f.path), -1); /* nobody can come after the last accept */
	close(slow);
	teardown(&f);
}

static void close_in_data(void *user, const char *data, size_t len)
{
	struct seen *s = user;
	unix_listener_close(s->f->l, on_listener_closed, s->f);
	s->f->l = NULL;
}

static void test_listener_may_be_closed_from_a_callback(void **state)
{
	struct fixture f;
	bare_setup(&f);
	struct unix_handler h = { on_open, close_in_data, on_end, on_close, &f };
	assert_int_equal(unix_listener_open(&f.l, &f.loop, &f.spec, &h, &f.clock.clock, NULL, NULL), 0);
	int idle = dial(f.path);
	turns(&f, 3);
	for (int i = 0; i < 5; i++)
		send_once(f.path, "x");
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_true(f.closed);
	assert_int_equal(f.n_seen, 2);
	close(idle);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode_is_exact),
		cmocka_unit_test(test_regular_file_is_refused_and_kept),
		cmocka_unit_test(test_directory_is_refused),
		cmocka_unit_test(test_link_is_refused_even_to_a_stale_socket),
		cmocka_unit_test(test_stale_socket_is_replaced),
		cmocka_unit_test(test_live_socket_is_refused_and_lives_on),
		cmocka_unit_test(test_path_of_107_bytes_works_108_does_not),
		cmocka_unit_test(test_missing_directory_reads_as_before),
		cmocka_unit_test(test_file_is_removed_at_close_only_if_ours),
		cmocka_unit_test(test_passed_descriptor_keeps_its_file),
		cmocka_unit_test(test_one_shot),
		cmocka_unit_test(test_empty_connection),
		cmocka_unit_test(test_single_byte_writes),
		cmocka_unit_test(test_half_close_can_still_be_answered),
		cmocka_unit_test(test_reset_after_data),
		cmocka_unit_test(test_refused_peer_is_closed),
		cmocka_unit_test(test_max_peers),
		cmocka_unit_test(test_pause_and_resume),
		cmocka_unit_test(test_paused_peer_that_leaves_does_not_spin),
		cmocka_unit_test(test_reading_is_fair),
		cmocka_unit_test(test_busy_peers_share_a_short_turn),
		cmocka_unit_test(test_large_reply_is_kept_and_flushed_before_close),
		cmocka_unit_test(test_peer_that_never_fetches_is_cut_off),
		cmocka_unit_test(test_lingering_close_is_bounded),
		cmocka_unit_test(test_write_to_a_gone_peer),
		cmocka_unit_test(test_peer_ids),
		cmocka_unit_test(test_idle_timeout),
		cmocka_unit_test(test_ten_thousand_one_shots_none_lost),
		cmocka_unit_test(test_thousand_idle_peers_do_not_hold_up_the_next),
		cmocka_unit_test(test_no_descriptors_left),
		cmocka_unit_test(test_stop_lets_existing_peers_go_on),
		cmocka_unit_test(test_drain_takes_what_waits),
		cmocka_unit_test(test_listener_may_be_closed_from_a_callback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
