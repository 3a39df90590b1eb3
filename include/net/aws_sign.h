/* AWS Signature Version 4: the headers that prove to an AWS service who sends a request.
 *
 * Pure: the time is an argument, nothing is looked up. Works for every service that takes the version; what differs
 * between them are two flags. The algorithm is that of the "Signature Version 4 signing process" in AWS's
 * general reference:
 *
 *     canonical request = method \n path \n query \n headers, sorted \n names of the headers \n hash of the body
 *     string to sign    = AWS4-HMAC-SHA256 \n time \n day/region/service/aws4_request \n hash of the canonical request
 *     signature         = HMAC(HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), service), "aws4_request"), string to sign)
 *
 *     struct aws_header headers[] = { { "Content-Type", VIEW("application/x-amz-json-1.0") },
 *                                     { "X-Amz-Target", VIEW("DynamoDB_20120810.PutItem") } };
 *     struct aws_request r = { .method = "POST", .host = host, .path = VIEW("/"), .headers = headers, .n_headers = 2,
 *                              .body = body, .region = "eu-central-1", .service = "dynamodb" };
 *     struct aws_signed s;
 *     aws_signed_init(&s);
 *     if (aws_sign(&r, &key, now, &s) == 0)
 *         call.headers = s.lines, call.n_headers = s.n;
 *     aws_signed_fini(&s);
 *
 * Thread: any.
 */
#ifndef AUSPEX_NET_AWS_SIGN_H
#define AUSPEX_NET_AWS_SIGN_H

#include "base/buf.h"
#include "base/clock.h"

/* Borrowed texts; token is NULL or empty without a session. */
struct aws_key {
	const char *id, *secret, *token;
};

struct aws_header {
	const char *name;
	struct view value;
};

#define AWS_SIGN_MAX_HEADERS 24

/* X-Amz-Content-Sha256 is sent and signed, as S3 wants it. */
#define AWS_SIGN_BODY_HASH 1u
/* The path is signed as it is sent, as S3 does it; elsewhere it is percent-encoded once more. */
#define AWS_SIGN_PATH_AS_SENT 2u

/* What is going to be sent. */
struct aws_request {
	const char *method;
	struct view host;  /* as in the Host header, with the port where it is no default one */
	struct view path;  /* as in the request line, "/…" */
	struct view query; /* as in the request line, percent-encoded, without '?' */
	const struct aws_header *headers; /* further ones that are sent; all of them are signed */
	size_t n_headers;
	struct view body;
	const char *region, *service;
	unsigned flags;
};

/* The lines to send, "Name: value": Host, the request's own, X-Amz-Date, X-Amz-Security-Token with a session,
 * X-Amz-Content-Sha256 where wished, Authorization. */
struct aws_signed {
	const char *lines[AWS_SIGN_MAX_HEADERS + 5];
	size_t n;
	struct buf text; /* holds them */
};

#define AWS_DATE_SIZE 17 /* "20261122T201010Z" */
/* The time as AWS writes it; `out` is NUL-terminated. */
void aws_date(wall_ns now, char out[AWS_DATE_SIZE]);

void aws_signed_init(struct aws_signed *s);
/* Replaces what `out` held. 0, ERR_FULL (more than AWS_SIGN_MAX_HEADERS), ERR_MISSING (no key, region or service) or
 * -ENOMEM. */
int aws_sign(const struct aws_request *r, const struct aws_key *key, wall_ns now, struct aws_signed *out);
/* Wipes and frees: the texts hold the session's token. */
void aws_signed_fini(struct aws_signed *s);

/* The canonical request alone, for tests and for finding out why a service refuses a signature. Appended to `out`. */
int aws_sign_canonical(const struct aws_request *r, const struct aws_key *key, wall_ns now, struct buf *out);

#endif
