#include "aws_impl.h"

#define TIMEOUT_MS 10000
#define GRACE_MS   200
#define OUTPUT_MAX ((size_t)64 * 1024)

static void read_result(const struct child_result *r, struct aws_held *held, struct err *err)
{
	struct err why = { 0 };
	struct view said = view_trim(r->err);
	if (r->code < 0)
		err_set(err, r->code, NULL, "%s", err_text(r->code));
	else if (r->exit_status != 0)
		err_set(err, ERR_DENIED, NULL, "it ended with status %d: %.*s", r->exit_status,
			(int)(said.len < 200 ? said.len : 200), said.len ? said.data : "");
	else if (aws_document_read(r->out, held, &why) < 0)
		*err = why;
}

static void on_exit_of_process(void *arg, const struct child_result *r)
{
	struct aws_provider *p = arg;
	struct aws_held held = { 0 };
	struct err why = { 0 }, err = { 0 };
	p->child = NULL;
	p->outside = false;
	if (aws_provider_gone(p))
		return;
	read_result(r, &held, &why);
	if (held.id) {
		aws_provider_found(p, &held, "custom-process");
		return;
	}
	err_set(&err, why.code, NULL,
		"CredentialRetrievalError: Error when retrieving credentials from custom-process: %.400s",
		why.text);
	aws_provider_failed(p, &err);
}

/* AWS's tools start the program without a shell; the shell splits and quotes the same words. */
int aws_process_start(struct aws_provider *p, struct view command, struct err *err)
{
	struct buf text;
	buf_init(&text);
	buf_view(&text, command);
	const char *const argv[] = { "/bin/sh", "-c", buf_str(&text), NULL };
	struct child_spec spec = { .argv = argv,
				   .env = p->options.env,
				   .timeout_ms = TIMEOUT_MS,
				   .grace_ms = GRACE_MS,
				   .max_output = OUTPUT_MAX };
	int rc = child_start(&p->child, p->loop, &spec, on_exit_of_process, p, err);
	p->outside = rc == 0;
	buf_fini(&text);
	return rc;
}
