/* Where AWS credentials come from, asked in the order of AWS's own tools:
 *
 *     AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   passed over when the configuration names a profile
 *     ~/.aws/credentials                                            AWS_SHARED_CREDENTIALS_FILE
 *     credential_process                                            of the profile, in either file
 *     ~/.aws/config                                                 AWS_CONFIG_FILE
 *     the container's endpoint                                      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, …_FULL_URI,
 *                                                                   AWS_CONTAINER_AUTHORIZATION_TOKEN[_FILE]
 *     the machine's metadata service, version 2                     AWS_EC2_METADATA_DISABLED,
 *                                                                   AWS_EC2_METADATA_SERVICE_ENDPOINT
 *
 * The profile is the configuration's, else AWS_PROFILE, else "default". What lives long is kept; what expires is fetched anew
 * ten minutes before, and while that fails the old ones are used as long as they are good. The two endpoints get one try of
 * a second. Profiles that assume a role, sign on, or carry a web identity are told to be unsupported. Sentences begin with the name that
 * AWS's Python tools give the fault: "NoCredentialsError: Unable to locate credentials".
 *
 *     aws_provider_new(&p, &loop, http, &(struct aws_provider_options){ .env = env }, clock);
 *     aws_provider_get(p, on_credentials, arg);
 *
 * Loop only.
 */
#ifndef AUSPEX_NET_AWS_CREDENTIALS_H
#define AUSPEX_NET_AWS_CREDENTIALS_H

#include "net/aws_sign.h"
#include "net/http_client.h"

struct aws_credentials {
	struct aws_key key;
	wall_ns expires;    /* 0: never */
	const char *source; /* "env", "shared-credentials-file", "custom-process", "config-file", "container-role", "iam-role" */
};

struct aws_provider_options {
	const char *const *env; /* "NAME=value", NULL-terminated; outlives the provider */
	const char *profile;    /* named in the configuration, or NULL; copied */
};

struct aws_provider;
/* `http` outlives the provider. 0 or -ENOMEM. Nothing is read or asked yet. */
int aws_provider_new(struct aws_provider **out, uv_loop_t *loop, struct http_client *http,
		     const struct aws_provider_options *options, const struct clock *clock);
/* `done` once, never from inside this call, with credentials that are borrowed for the call, or with NULL and the reason (ERR_MISSING: there are
 * none). 0, ERR_CLOSED or -ENOMEM. */
int aws_provider_get(struct aws_provider *p,
		     void (*done)(void *arg, const struct aws_credentials *c, const struct err *err), void *arg);
/* A service refused them: the next get looks everywhere again. */
void aws_provider_forget(struct aws_provider *p);
/* Those who wait get ERR_CANCELLED; then cb, and it is freed. */
void aws_provider_close(struct aws_provider *p, void (*cb)(void *arg), void *arg);

/* The region: `configured`, else AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1. `out` gets at most AWS_REGION_SIZE bytes. 0, or
 * ERR_SYNTAX when that is no name of a region. */
#define AWS_REGION_SIZE 64
int aws_region(const struct aws_provider_options *options, const char *configured, char out[AWS_REGION_SIZE],
	       struct err *err);

#endif
