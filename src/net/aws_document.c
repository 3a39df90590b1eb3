#include "aws_impl.h"

#include "base/json.h"
#include "base/timefmt.h"

#include <errno.h>

/* Empty also for a text that no header can carry. */
static struct view text_at(const struct json_doc *d, const char *key, struct arena *arena)
{
	json_ref r = json_get(d, 0, view_of(key));
	struct view v = { NULL, 0 };
	if (json_type(d, r) == JSON_STRING)
		v = json_string(d, r, arena);
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] < ' ' || v.data[i] == 0x7f)
			return (struct view){ NULL, 0 };
	return v;
}

static int read_fields(const struct json_doc *d, struct arena *arena, struct aws_held *out, struct err *err)
{
	struct view code = text_at(d, "Code", arena), expiry = text_at(d, "Expiration", arena);
	struct view id = text_at(d, "AccessKeyId", arena), secret = text_at(d, "SecretAccessKey", arena);
	struct view token = text_at(d, "Token", arena), message = text_at(d, "Message", arena);
	if (!token.len)
		token = text_at(d, "SessionToken", arena);
	if (code.len && !view_eq(code, VIEW("Success")))
		return err_set(err, ERR_DENIED, NULL, "%.*s: %.*s", (int)code.len, code.data,
			       (int)message.len, message.len ? message.data : "");
	if (!id.len || !secret.len)
		return err_set(err, ERR_MISSING, NULL, "the answer has no %s",
			       id.len ? "SecretAccessKey" : "AccessKeyId");
	wall_ns expires = 0;
	if (expiry.len && time_parse_rfc3339(expiry, &expires, NULL) < 0)
		return err_set(err, ERR_SYNTAX, NULL, "the answer's Expiration is no time: \"%.*s\"",
			       (int)(expiry.len < 60 ? expiry.len : 60), expiry.data);
	if (!aws_held_set(out, id, secret, token))
		return err_set(err, -ENOMEM, NULL, "out of memory");
	out->expires = expires;
	return 0;
}

int aws_document_read(struct view text, struct aws_held *out, struct err *err)
{
	struct json_doc doc;
	struct arena arena;
	struct err ignored;
	json_doc_init(&doc);
	arena_init(&arena, 1024);
	int rc = text.len ? json_parse_all(&doc, text.data, text.len, 0, &ignored) : ERR_SYNTAX;
	if (rc < 0 || json_type(&doc, 0) != JSON_OBJECT)
		rc = err_set(err, ERR_SYNTAX, NULL, "the answer is no JSON object");
	else
		rc = read_fields(&doc, &arena, out, err);
	arena_fini(&arena);
	json_doc_fini(&doc);
	return rc;
}
