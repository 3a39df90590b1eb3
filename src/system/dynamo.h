/* DynamoDB over HTTP: one request at a time, signed, with its answer judged.
 *
 * Credentials are fetched when needed; worn-out ones are fetched anew and the request is made once more. Where the service says that our clock is
 * wrong, its own Date is taken for signing from then on, and the request is made once more. All other patience is the caller's (upload_plan.h).
 * Loop only.
 */
#ifndef AUSPEX_SYSTEM_DYNAMO_H
#define AUSPEX_SYSTEM_DYNAMO_H

#include "dynamo_error.h"

#include "net/aws_credentials.h"

struct dynamo_options {
	const char *const *env; /* outlives it */
	const char *profile;    /* or NULL */
	const char *region;     /* or NULL: from the environment and the profile */
	const char *
		endpoint_url; /* or NULL: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, else Amazon's for the region */
};

struct dynamo;
/* `http` outlives it. 0, or a code and a sentence: a region or an URL that is none. Sends nothing. */
int dynamo_new(struct dynamo **out, uv_loop_t *loop, struct http_client *http,
	       const struct dynamo_options *options, const struct clock *clock, struct err *err);
const char *dynamo_url(const struct dynamo *d);
const char *dynamo_region(const struct dynamo *d);
/* `body` is copied. `done` once, never from inside this call; `fault` and `answer` are borrowed. One call at a time: -EBUSY. */
int dynamo_call(struct dynamo *d, const char *op, struct view body,
		void (*done)(void *arg, const struct dynamo_fault *fault, struct view answer), void *arg);
/* A call under way is not answered any more; then cb, and it is freed. */
void dynamo_close(struct dynamo *d, void (*cb)(void *arg), void *arg);

#endif
