/* push: send runs and samples from the shell, and wait until they are stored. */
#include "app/client.h"
#include "app/command.h"
#include "app/plan.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX (16u * 1024u * 1024u)

struct push_words {
	const char *run, *status, *attempts, *duration, *exit_code, *sample, *socket, *timeout;
};

/* clang-format off */
#define PUSH_FLAGS(w)                                                                                                          \
	{ { "run", 'r', "COMMAND", "Report a finished run of this command.", &(w)->run },                                    \
	  { "status", 's', "WORD", "Its final status: succeeded (default) or failed.", &(w)->status },                       \
	  { "attempts", 'a', "N", "How many attempts it took; default 1.", &(w)->attempts },                                 \
	  { "duration", 'd', "SECONDS", "How long it took in all; default 0.", &(w)->duration },                             \
	  { "exit-code", 0, "N", "Exit code of the last attempt; default 0, or 1 when failed.", &(w)->exit_code },           \
	  { "sample", 0, "KEY=VALUE", "Report one sample, for example 'app.queue{q=mail}=3'.", &(w)->sample },               \
	  { "to", 't', "SOCKET", "Unix socket of the daemon.", &(w)->socket },                                               \
	  { "timeout", 0, "SECONDS", "Longest wait for the answer; default 10.", &(w)->timeout } }
/* clang-format on */

static int write_run(const struct push_words *p, struct jw *w, struct err *err)
{
	int64_t attempts = 1, code = 0;
	double duration = 0;
	bool ok = !p->status || strcmp(p->status, "succeeded") == 0;
	if (p->status && !ok && strcmp(p->status, "failed") != 0)
		return err_set(err, ERR_RANGE, "--status", "\"%s\": say succeeded or failed", p->status);
	if (p->attempts &&
	    (num_parse_i64(view_of(p->attempts), &attempts) < 0 || attempts < 1 || attempts > 1000))
		return err_set(err, ERR_RANGE, "--attempts", "\"%s\" is not a number from 1 to 1000",
			       p->attempts);
	if (p->duration && (num_parse_double(view_of(p->duration), &duration) < 0 || duration < 0))
		return err_set(err, ERR_RANGE, "--duration", "\"%s\" is not a number of seconds",
			       p->duration);
	code = ok ? 0 : 1;
	if (p->exit_code && num_parse_i64(view_of(p->exit_code), &code) < 0)
		return err_set(err, ERR_RANGE, "--exit-code", "\"%s\" is not a whole number", p->exit_code);

	unsigned char digest[SHA256_SIZE];
	char hash[2 * SHA256_SIZE + 1];
	sha256(p->run, strlen(p->run), digest);
	hex_encode(digest, 4, hash);
	jw_obj(w, NULL);
	jw_cstr(w, "command", p->run);
	jw_cstr(w, "command_hash", hash);
	jw_cstr(w, "final_status", ok ? "succeeded" : "failed");
	jw_double(w, "total_duration_seconds", duration);
	jw_i64(w, "total_attempts", attempts);
	jw_i64(w, "successful_attempts", ok);
	jw_i64(w, "failed_attempts", attempts - ok);
	jw_arr(w, "attempts");
	for (int64_t i = 0; i < attempts; i++) {
		bool last = i == attempts - 1;
		jw_obj(w, NULL);
		jw_double(w, "duration_seconds", duration / (double)attempts);
		jw_i64(w, "exit_code", last ? code : 1);
		jw_bool(w, "success", last && ok);
		jw_end(w);
	}
	jw_end(w);
	jw_i64(w, "timestamp", (int64_t)time(NULL));
	jw_end(w);
	return 0;
}

static int write_sample(const char *text, struct jw *w, struct err *err)
{
	const char *equals = strrchr(text, '=');
	double v;
	if (!equals || num_parse_double(view_of(equals + 1), &v) < 0)
		return err_set(err, ERR_SYNTAX, "--sample",
			       "\"%s\": write KEY=NUMBER, for example app.queue{q=mail}=3", text);
	jw_obj(w, NULL);
	jw_str(w, "series", (struct view){ text, (size_t)(equals - text) });
	jw_double(w, "v", v);
	jw_end(w);
	return 0;
}

static int message_of_flags(const struct push_words *p, struct buf *out, struct err *err)
{
	struct jw w = jw_init(out, JW_COMPACT);
	int rc = 0;
	jw_obj(&w, NULL);
	jw_cstr(&w, "type", "push");
	if (p->run) {
		jw_arr(&w, "runs");
		rc = write_run(p, &w, err);
		jw_end(&w);
	}
	if (rc == 0 && p->sample) {
		jw_arr(&w, "samples");
		rc = write_sample(p->sample, &w, err);
		jw_end(&w);
	}
	jw_end(&w);
	return rc;
}

static int read_input(const char *name, struct buf *out, struct err *err)
{
	FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	if (!in)
		return err_set(err, -errno, name, "%s", strerror(errno));
	char chunk[16384];
	size_t n;
	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0 && out->len <= INPUT_MAX)
		buf_append(out, chunk, n);
	if (in != stdin)
		fclose(in);
	return out->len > INPUT_MAX ? err_set(err, -EFBIG, name, "more than 16 MiB; send it in parts")
	       : out->failed        ? -ENOMEM
				    : 0;
}

/* A document of input becomes a push: a push stays, lists without a type get it, a single run is wrapped. */
static int message_of_document(const struct buf *in, const char *name, struct buf *out, struct err *err)
{
	struct json_doc doc;
	struct err at = { 0 };
	json_doc_init(&doc);
	int rc = json_parse_all(&doc, in->data, in->len, 0, &at);
	if (rc < 0)
		err_set(err, rc, name, "no JSON document: %s: %s", at.place, at.text);
	else if (json_type(&doc, 0) == JSON_ARRAY)
		buf_printf(out, "{\"type\":\"push\",\"runs\":%.*s}", (int)in->len, in->data);
	else if (json_type(&doc, 0) != JSON_OBJECT)
		rc = err_set(err, ERR_TYPE, name, "send an object or a list of runs");
	else if (json_get(&doc, 0, VIEW("command")) != JSON_NONE)
		buf_printf(out, "{\"type\":\"push\",\"runs\":[%.*s]}", (int)in->len, in->data);
	else {
		struct view body = json_raw(&doc, 0);
		bool typed = json_get(&doc, 0, VIEW("type")) != JSON_NONE, empty = doc.nodes[0].len == 0;
		buf_puts(out, typed ? "{" : empty ? "{\"type\":\"push\"" : "{\"type\":\"push\",");
		buf_append(out, body.data + 1, body.len - 1);
	}
	json_doc_fini(&doc);
	/* One message is one line on the socket. */
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == '\n' || out->data[i] == '\r')
			out->data[i] = ' ';
	return rc;
}

static int send_message(const struct push_words *p, const struct plan *plan, const struct buf *message,
			struct err *err)
{
	double timeout = 10;
	if (p->timeout && (num_parse_double(view_of(p->timeout), &timeout) < 0 || timeout <= 0))
		return err_set(err, ERR_RANGE, "--timeout", "\"%s\" is not a number of seconds", p->timeout);
	const char *path = p->socket;
	for (size_t i = 0; !path && i < plan->n_sockets; i++)
		if (access(plan->sockets[i].path, F_OK) == 0)
			path = plan->sockets[i].path;
	if (!path)
		return err_set(err, -ENOENT, NULL,
			       "no socket of a daemon found (%s and others); start one with auspex run",
			       plan->n_sockets ? plan->sockets[0].path : "");
	struct buf reply;
	buf_init(&reply);
	int rc = client_line(path, (struct view){ message->data, message->len }, (int64_t)(timeout * 1000),
			     &reply, err);
	if (rc == 0) {
		fputs(buf_str(&reply), stdout);
		if (!strstr(buf_str(&reply), "\"status\":\"ok\"") ||
		    !strstr(buf_str(&reply), "\"rejected\":0"))
			rc = err_set(err, ERR_STORE, NULL, "not everything was stored; the answer says why");
	}
	buf_fini(&reply);
	return rc;
}

static int run_push(const struct command *self, int argc, char **argv, const char *const *env)
{
	struct push_words p = { 0 };
	struct cli_flag flags[] = PUSH_FLAGS(&p);
	struct plan plan;
	struct plan_source source = { plan_make_native, argc, argv, env };
	struct err err = { 0 };
	struct plan_words words;
	struct buf input, message;
	buf_init(&input);
	buf_init(&message);
	plan_init(&plan);
	int rc = plan_make_command(&source, flags, sizeof(flags) / sizeof(flags[0]), &words, &plan, &err);
	if (rc == 0 && (p.run || p.sample)) {
		rc = message_of_flags(&p, &message, &err);
	} else if (rc == 0) {
		const char *name = words.n ? words.items[0] : "-";
		if (!words.n && isatty(STDIN_FILENO))
			rc = err_set(&err, ERR_MISSING, NULL,
				     "say what to push: --run 'COMMAND', --sample KEY=VALUE, or a JSON FILE "
				     "(- for standard input)");
		if (rc == 0)
			rc = read_input(name, &input, &err);
		if (rc == 0)
			rc = message_of_document(&input, name, &message, &err);
	}
	if (rc == 0)
		rc = send_message(&p, &plan, &message, &err);
	buf_fini(&input);
	buf_fini(&message);
	plan_fini(&plan);
	return rc < 0 ? command_fail(self, 1, &err) : 0;
}

static const struct cli_flag shown_flags[] = PUSH_FLAGS((struct push_words *)NULL);

const struct command command_push = { "push",
				      "[FILE|-]",
				      "Store runs and samples; answers after they are committed.",
				      "FILE holds a push document, one run, or a list of runs (JSON).\n",
				      shown_flags,
				      sizeof(shown_flags) / sizeof(shown_flags[0]),
				      COMMAND_CONFIG,
				      run_push };
