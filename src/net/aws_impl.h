/* What the files of AWS credentials share.
 *
 *     aws_credentials.c   the interface: who waits, what is kept, the order of the sources
 *     aws_shared.c        environment and shared files
 *     aws_process.c       credential_process
 *     aws_metadata.c      the two endpoints
 *     aws_document.c      the JSON that process and endpoints answer
 */
#ifndef AUSPEX_NET_AWS_IMPL_H
#define AUSPEX_NET_AWS_IMPL_H

#include "net/aws_credentials.h"
#include "net/aws_profile.h"

#include "net/child.h"

/* Credentials that are kept; the texts are owned. */
struct aws_held {
	char *id, *secret, *token; /* id NULL: none; token may be NULL */
	wall_ns expires;
	const char *source;
};
/* Copies; false when out of memory. `out` must be empty. */
bool aws_held_set(struct aws_held *out, struct view id, struct view secret, struct view token);
/* Wipes and frees. */
void aws_held_clear(struct aws_held *h);

/* --- environment and shared files (aws_shared.c) ------------------------------------------------------------------- */
struct aws_shared {
	const char *const *env;
	const char *profile;
	bool named; /* by the configuration or by AWS_PROFILE */
	struct buf credentials, config;
};
const char *aws_env(const char *const *env, const char *name); /* NULL also when empty */
/* Reads both files; one that is absent or unreadable is empty. */
void aws_shared_load(struct aws_shared *s, const struct aws_provider_options *options);
void aws_shared_fini(struct aws_shared *s);
/* The profile's value in the config file, else in the credentials file; `data` NULL when there is none. */
struct view aws_shared_get(const struct aws_shared *s, const char *key);
/* Keys of the environment or of one file. 1: found; 0: none there; negative: an error that ends the search. */
int aws_shared_environment(const struct aws_provider_options *options, struct aws_held *out, struct err *err);
int aws_shared_keys(const struct aws_shared *s, enum aws_file kind, struct aws_held *out, struct err *err);
/* Is this profile one we can use? 0 or a code. */
int aws_shared_check(const struct aws_shared *s, struct err *err);

/* --- documents (aws_document.c) ------------------------------------------------------------------------------------ */
/* {"AccessKeyId":…,"SecretAccessKey":…,"Token" or "SessionToken":…,"Expiration":…}; a "Code" must be "Success". `out` must be empty. */
int aws_document_read(struct view text, struct aws_held *out, struct err *err);

/* --- the provider ---------------------------------------------------------------------------------------------------- */
struct aws_waiter {
	struct aws_waiter *next;
	void (*done)(void *arg, const struct aws_credentials *c, const struct err *err);
	void *arg;
};

struct aws_provider {
	uv_loop_t *loop;
	struct http_client *http;
	const struct clock *clock;
	struct aws_provider_options options;
	char *profile;
	struct aws_held held;
	bool refused; /* by the service they were shown to */
	struct aws_waiter *waiters, **waiters_end;
	uv_timer_t tell;
	bool fetching;
	bool outside; /* a request or child is under way */
	uint64_t call;
	void (*then)(struct aws_provider *p, const struct http_answer *a); /* what the call's answer is for */
	struct child *child;
	struct buf role;  /* the URL of the role's credentials */
	struct buf token; /* the header line with the metadata service's token */
	struct err outcome;
	bool closing;
	void (*close_cb)(void *arg);
	void *close_arg;
};

/* A source gave these (moved out of `h`), or the search ends with `err`. */
void aws_provider_found(struct aws_provider *p, struct aws_held *h, const char *source);
void aws_provider_failed(struct aws_provider *p, const struct err *err);
/* What came from outside came too late: the provider is closing. */
bool aws_provider_gone(struct aws_provider *p);

/* Starts it; 0, or a code and nothing was started. */
int aws_process_start(struct aws_provider *p, struct view command, struct err *err);
/* Asks the container's endpoint, else the metadata service, else fails. */
void aws_metadata_start(struct aws_provider *p);

#endif
