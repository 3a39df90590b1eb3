#include "checkpoint.h"

#include "os/self.h"

int checkpointer_init(struct checkpointer *c, const char *path)
{
	*c = (struct checkpointer){ .path = path };
	int rc = uv_mutex_init(&c->lock);
	if (rc < 0)
		return rc;
	rc = uv_cond_init(&c->wake);
	if (rc < 0)
		uv_mutex_destroy(&c->lock);
	return rc;
}

static int copy_pages(struct checkpointer *c)
{
	int copied = 0;
	if (conn_open(&c->conn, c->path) < 0 ||
	    sqlite3_wal_checkpoint_v2(c->conn.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &copied) !=
		    SQLITE_OK)
		return 0; /* the writer meets the same fault and tells it */
	return copied < 0 ? 0 : copied;
}

static void checkpointer_main(void *arg)
{
	struct checkpointer *c = arg;
	self_thread_step_back();
	uv_mutex_lock(&c->lock);
	while (!c->stop) {
		if (!c->asked) {
			uv_cond_wait(&c->wake, &c->lock);
			continue;
		}
		uv_mutex_unlock(&c->lock);
		int copied = copy_pages(c);
		uv_mutex_lock(&c->lock);
		c->copied = copied;
		c->asked = false;
		uv_cond_signal(&c->wake);
	}
	uv_mutex_unlock(&c->lock);
	conn_close(&c->conn);
}

bool checkpointer_ask(struct checkpointer *c)
{
	if (!c->running) {
		uv_thread_options_t opt = { .flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = READER_STACK };
		if (uv_thread_create_ex(&c->thread, &opt, checkpointer_main, c) < 0)
			return false;
		c->running = true;
	}
	uv_mutex_lock(&c->lock);
	c->asked = true;
	uv_cond_signal(&c->wake);
	uv_mutex_unlock(&c->lock);
	return true;
}

bool checkpointer_busy(struct checkpointer *c, bool wait, int *copied)
{
	uv_mutex_lock(&c->lock);
	while (wait && c->asked)
		uv_cond_wait(&c->wake, &c->lock);
	bool busy = c->asked;
	*copied = c->copied;
	uv_mutex_unlock(&c->lock);
	return busy;
}

void checkpointer_reset(struct checkpointer *c)
{
	uv_mutex_lock(&c->lock);
	c->copied = 0;
	uv_mutex_unlock(&c->lock);
}

void checkpointer_stop(struct checkpointer *c)
{
	uv_mutex_lock(&c->lock);
	c->stop = true;
	uv_cond_signal(&c->wake);
	uv_mutex_unlock(&c->lock);
	if (c->running)
		uv_thread_join(&c->thread);
	c->running = false;
}

void checkpointer_fini(struct checkpointer *c)
{
	uv_cond_destroy(&c->wake);
	uv_mutex_destroy(&c->lock);
}
