/* Copies of the file while it is in use. One reading transaction is held meanwhile, so the copy is of one
 * moment and writers do not make it start over. A running daemon does it on a thread of its own: neither
 * queries nor commits wait. */
#include "impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BACKUP_PAGES 256
#define BACKUP_STACK ((size_t)256 << 10)

struct backup_run {
	struct store *s;
	uv_thread_t thread;
	char *to;
	int status;
	struct err err;
};

/* Keeps what is there: a backup never overwrites. The file is made here, so two cannot take one name. */
static int claim(const char *to, struct err *err)
{
	int fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, -errno, to,
			       errno == EEXIST ? "a file of that name is there already" : "%s",
			       err_text(-errno));
	close(fd);
	return 0;
}

static int copy_pages(sqlite3 *from, sqlite3 *to, const char *path, struct err *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	if (!b)
		return db_err(to, err, path);
	int rc;
	do
		rc = sqlite3_backup_step(b, BACKUP_PAGES);
	while (rc == SQLITE_OK);
	rc = sqlite3_backup_finish(b);
	return rc == SQLITE_OK ? 0 : db_err(to, err, path);
}

int store_backup_file(const char *db_path, const char *to, struct err *err)
{
	sqlite3 *from = NULL, *dest = NULL;
	int rc = db_open(db_path, SQLITE_OPEN_READWRITE, DB_READ_CACHE_KIB, &from, err);
	if (rc == 0 && db_exec(from, "PRAGMA query_only=1; BEGIN; SELECT count(*) FROM sqlite_schema") < 0)
		rc = db_err(from, err, db_path);
	bool claimed = false;
	if (rc == 0) {
		rc = claim(to, err);
		claimed = rc == 0;
	}
	if (rc == 0)
		rc = db_open(to, SQLITE_OPEN_READWRITE, DB_READ_CACHE_KIB, &dest, err);
	if (rc == 0)
		rc = copy_pages(from, dest, to, err);
	sqlite3_close(dest);
	sqlite3_close(from);
	if (rc < 0 && claimed)
		unlink(to);
	return rc;
}

static void run(void *arg)
{
	struct store_backup *b = arg;
	struct backup_run *r = b->impl;
	r->status = store_backup_file(r->s->file.path, r->to, &r->err);
	uv_mutex_lock(&r->s->lock);
	b->next = r->s->backups;
	r->s->backups = b;
	uv_mutex_unlock(&r->s->lock);
	uv_async_send(&r->s->async);
}

void store_backup_start(struct store *s, struct store_backup *b)
{
	uv_thread_options_t opt = { .flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = BACKUP_STACK };
	struct backup_run *r = calloc(1, sizeof(*r));
	char *to = strdup(b->path);
	b->impl = r;
	int rc = !r || !to ? -ENOMEM : s->closing ? ERR_CLOSED : s->durable ? 0 : ERR_UNSUPPORTED;
	if (rc == 0) {
		r->s = s;
		r->to = to;
		rc = uv_thread_create_ex(&r->thread, &opt, run, b);
	}
	if (rc == 0) {
		s->backups_running++;
		return;
	}
	free(to);
	free(r);
	b->impl = NULL;
	uv_mutex_lock(&s->lock); /* a refusal is told from the loop as well */
	b->next = s->backups;
	s->backups = b;
	uv_mutex_unlock(&s->lock);
	uv_async_send(&s->async);
}

static void finish(struct store *s, struct store_backup *b)
{
	struct backup_run *r = b->impl;
	if (!r) {
		b->done(b, ERR_UNSUPPORTED,
			"no backup: there is no history on disk, or the store is closing");
		return;
	}
	uv_thread_join(&r->thread);
	s->backups_running--;
	b->impl = NULL;
	b->done(b, r->status, r->status < 0 ? r->err.text : "the copy is complete");
	free(r->to);
	free(r);
}

void backup_deliver(struct store *s)
{
	uv_mutex_lock(&s->lock);
	struct store_backup *b = s->backups;
	s->backups = NULL;
	uv_mutex_unlock(&s->lock);
	while (b) {
		struct store_backup *next = b->next;
		finish(s, b);
		b = next;
	}
}
