#include "dynamo_error.h"

#include "base/json.h"

#include <errno.h>
#include <stdio.h>

const char *dynamo_verdict_name(enum dynamo_verdict v)
{
	static const char *const names[] = {
#define X(name, text) text,
		DYNAMO_VERDICT_MAP(X)
#undef X
	};
	return v < DYNAMO_VERDICTS ? names[v] : "unknown";
}

bool dynamo_verdict_passes(enum dynamo_verdict v)
{
	return v == DYNAMO_THROTTLED || v == DYNAMO_NETWORK || v == DYNAMO_SERVER || v == DYNAMO_SKEWED;
}

static const struct {
	const char *code;
	enum dynamo_verdict verdict;
} codes[] = {
	{ "ResourceNotFoundException", DYNAMO_ABSENT },
	{ "TableNotFoundException", DYNAMO_ABSENT },
	{ "ResourceInUseException", DYNAMO_IN_USE },
	{ "TableInUseException", DYNAMO_IN_USE },
	{ "TableAlreadyExistsException", DYNAMO_IN_USE },
	{ "ConditionalCheckFailedException", DYNAMO_CONDITION },
	{ "AccessDeniedException", DYNAMO_DENIED },
	{ "AccessDenied", DYNAMO_DENIED },
	{ "OptInRequired", DYNAMO_DENIED },
	{ "ExpiredTokenException", DYNAMO_CREDENTIALS },
	{ "ExpiredToken", DYNAMO_CREDENTIALS },
	{ "UnrecognizedClientException", DYNAMO_CREDENTIALS },
	{ "InvalidClientTokenId", DYNAMO_CREDENTIALS },
	{ "MissingAuthenticationTokenException", DYNAMO_CREDENTIALS },
	{ "MissingAuthenticationToken", DYNAMO_CREDENTIALS },
	{ "IncompleteSignatureException", DYNAMO_CREDENTIALS },
	{ "SignatureDoesNotMatch", DYNAMO_CREDENTIALS },
	{ "InvalidSignatureException", DYNAMO_CREDENTIALS }, /* see below */
	{ "RequestExpired", DYNAMO_SKEWED },
	{ "RequestTimeTooSkewed", DYNAMO_SKEWED },
	{ "RequestInTheFuture", DYNAMO_SKEWED },
	{ "ThrottlingException", DYNAMO_THROTTLED },
	{ "Throttling", DYNAMO_THROTTLED },
	{ "ProvisionedThroughputExceededException", DYNAMO_THROTTLED },
	{ "RequestLimitExceeded", DYNAMO_THROTTLED },
	{ "LimitExceededException", DYNAMO_THROTTLED }, /* too many tables are being made */
	{ "TooManyRequestsException", DYNAMO_THROTTLED },
	{ "InternalServerError", DYNAMO_SERVER },
	{ "InternalFailure", DYNAMO_SERVER },
	{ "ServiceUnavailable", DYNAMO_SERVER },
	{ "ServiceUnavailableException", DYNAMO_SERVER },
};

/* One code speaks of a wrong secret and of a wrong clock; the message tells which. */
static bool tells_of_time(struct view message)
{
	static const char *const words[] = { "Signature expired", "Signature not yet current", "too skewed" };
	char text[400];
	snprintf(text, sizeof(text), "%.*s", (int)(message.len < 399 ? message.len : 399),
		 message.len ? message.data : "");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

static enum dynamo_verdict verdict_of(const char *code, int status, struct view message)
{
	if (strcmp(code, "InvalidSignatureException") == 0 && tells_of_time(message))
		return DYNAMO_SKEWED;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(codes[i].code, code) == 0)
			return codes[i].verdict;
	return status >= 500 ? DYNAMO_SERVER : status == 429 ? DYNAMO_THROTTLED : DYNAMO_INVALID;
}

/* AWS's Python tools call the faults of the way by these names, and people look for them. */
static void read_network(struct dynamo_fault *f, const struct http_answer *a, const char *url)
{
	f->verdict = DYNAMO_NETWORK;
	if (a->code == -ETIMEDOUT)
		snprintf(f->text, sizeof(f->text),
			 "ReadTimeoutError: Read timeout on endpoint URL: \"%.200s\"", url);
	else if (a->code == -EPROTO)
		snprintf(f->text, sizeof(f->text), "HTTPClientError: %.200s (endpoint URL: \"%.150s\")",
			 a->error, url);
	else if (a->code == ERR_UNSUPPORTED || a->code == ERR_CANCELLED || a->code == -ENOMEM)
		snprintf(f->text, sizeof(f->text), "%.400s", a->error);
	else
		snprintf(
			f->text, sizeof(f->text),
			"EndpointConnectionError: Could not connect to the endpoint URL: \"%.200s\" (%.150s)",
			url, a->error);
}

static struct view member(const struct json_doc *d, const char *key, struct arena *arena)
{
	json_ref r = json_get_fold(d, 0, view_of(key)); /* "message" or "Message" */
	return json_type(d, r) == JSON_STRING ? json_string(d, r, arena) : (struct view){ NULL, 0 };
}

/* The code without its name space. */
static struct view behind_hash(struct view type)
{
	size_t from = type.len;
	while (from > 0 && type.data[from - 1] != '#')
		from--;
	return (struct view){ type.data + from, type.len - from };
}

static void read_refusal(struct dynamo_fault *f, const struct json_doc *d, struct arena *arena, int status,
			 const char *op)
{
	struct view type = behind_hash(member(d, "__type", arena)), message = member(d, "message", arena);
	snprintf(f->code, sizeof(f->code), "%.*s", (int)(type.len < 79 ? type.len : 79),
		 type.len ? type.data : "");
	f->verdict = verdict_of(f->code, status, message);
	int n = (int)(message.len < 300 ? message.len : 300);
	const char *said = n ? message.data : "";
	if (f->verdict == DYNAMO_DENIED) /* the words that the guide tells people to look for */
		snprintf(f->text, sizeof(f->text),
			 "AccessDenied: User is not authorized to perform: dynamodb:%s (%s: %.*s)", op,
			 f->code, n, said);
	else
		snprintf(f->text, sizeof(f->text), "%s: %.*s (%s)", f->code, n, said, op);
}

void dynamo_fault_read(struct dynamo_fault *f, const struct http_answer *a, const char *op, const char *url)
{
	struct json_doc doc;
	struct arena arena;
	struct err ignored;
	*f = (struct dynamo_fault){ .verdict = DYNAMO_OK };
	if (a->code < 0) {
		read_network(f, a, url);
		return;
	}
	json_doc_init(&doc);
	arena_init(&arena, 1024);
	bool json = a->body.len && json_parse_all(&doc, a->body.data, a->body.len, 0, &ignored) == 0 &&
		    json_type(&doc, 0) == JSON_OBJECT;
	if (a->status >= 300 && json && member(&doc, "__type", &arena).len) {
		read_refusal(f, &doc, &arena, a->status, op);
	} else if (a->status != 200 || !json) {
		f->verdict = a->status >= 500 ? DYNAMO_SERVER : DYNAMO_NETWORK;
		snprintf(f->text, sizeof(f->text),
			 "HTTP status %d without an answer of DynamoDB's (endpoint URL: \"%.200s\")",
			 a->status, url);
	}
	arena_fini(&arena);
	json_doc_fini(&doc);
}
