/* What an answer of DynamoDB means for the one who asked. Pure.
 *
 * Errors are HTTP 400 or 5xx with {"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"…"}. What is no such document
 * comes from something between us and the service (a proxy, a portal, half an answer) and is tried again, whatever its status.
 */
#ifndef AUSPEX_SYSTEM_DYNAMO_ERROR_H
#define AUSPEX_SYSTEM_DYNAMO_ERROR_H

#include "net/http_client.h"

/* X(NAME, "text"): the texts are causes in the self metrics. */
#define DYNAMO_VERDICT_MAP(X)                                                                                \
	X(OK, "ok")                                                                                          \
	X(ABSENT, "absent")           /* there is no such table */                                           \
	X(IN_USE, "in_use")           /* the table is there already, or being made or changed */             \
	X(CONDITION, "condition")     /* the condition of a write did not hold */                            \
	X(DENIED, "denied")           /* these credentials may not do it */                                  \
	X(CREDENTIALS, "credentials") /* there are none, or they are refused or worn out */                  \
	X(SKEWED, "skewed")           /* our clock and theirs are too far apart */                           \
	X(THROTTLED, "throttled")     /* later, please */                                                    \
	X(NETWORK, "network")         /* nobody answered, or nobody who knows DynamoDB */                    \
	X(SERVER, "server")           /* its own fault */                                                    \
	X(INVALID, "invalid")         /* never will */

enum dynamo_verdict {
#define X(name, text) DYNAMO_##name,
	DYNAMO_VERDICT_MAP(X)
#undef X
		DYNAMO_VERDICTS
};
const char *dynamo_verdict_name(enum dynamo_verdict v);
/* Is it worth the same request again? */
bool dynamo_verdict_passes(enum dynamo_verdict v);

struct dynamo_fault {
	enum dynamo_verdict verdict;
	char code[80];  /* the service's, without its name space; "" when it is none of its own */
	char text[512]; /* one sentence, "" when all is well */
};

/* Reads an answer to operation `op` of the service at `url`. */
void dynamo_fault_read(struct dynamo_fault *f, const struct http_answer *a, const char *op, const char *url);

#endif
