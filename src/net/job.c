#include "net/job.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct job {
	uv_work_t req;
	atomic_bool cancelled;
	void (*work)(struct job *j, void *state);
	void (*done)(void *state, bool cancelled);
	void *state;
};

static void on_work(uv_work_t *req)
{
	struct job *j = req->data;
	if (!job_cancelled(j)) /* cancelled between leaving the queue and now */
		j->work(j, j->state);
}

static void on_done(uv_work_t *req, int status)
{
	struct job *j = req->data;
	bool cancelled = status == UV_ECANCELED || job_cancelled(j);
	void (*done)(void *, bool) = j->done;
	void *state = j->state;
	free(j);
	done(state, cancelled);
}

int job_start(struct job **out, uv_loop_t *loop, void (*work)(struct job *j, void *state),
	      void (*done)(void *state, bool cancelled), void *state)
{
	struct job *j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->work = work;
	j->done = done;
	j->state = state;
	j->req.data = j;
	int rc = uv_queue_work(loop, &j->req, on_work, on_done);
	if (rc < 0) {
		free(j);
		return rc;
	}
	if (out)
		*out = j;
	return 0;
}

void job_cancel(struct job *j)
{
	atomic_store(&j->cancelled, true);
	uv_cancel((uv_req_t *)&j->req); /* fails when it runs already: then the work sees the flag */
}

bool job_cancelled(const struct job *j)
{
	return atomic_load_explicit(&j->cancelled, memory_order_relaxed);
}
