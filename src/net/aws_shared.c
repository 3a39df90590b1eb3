#include "aws_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 20)

const char *aws_env(const char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return (*env)[n + 1] ? *env + n + 1 : NULL;
	return NULL;
}

/* --- files -------------------------------------------------------------------------------------------------------------- */

static void read_file(const char *path, struct buf *out)
{
	char piece[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	while ((n = read(fd, piece, sizeof(piece))) > 0 && out->len < FILE_MAX)
		buf_append(out, piece, (size_t)n);
	explicit_bzero(piece, sizeof(piece));
	close(fd);
}

/* The file that `variable` names, else the usual one; "~/" is the home. */
static void read_shared(const char *const *env, const char *variable, const char *usual, struct buf *out)
{
	struct buf path;
	const char *name = aws_env(env, variable), *home = aws_env(env, "HOME");
	if (!name)
		name = usual;
	buf_init(&path);
	buf_init(out);
	if (strncmp(name, "~/", 2) == 0)
		buf_printf(&path, "%s%s", home ? home : "", name + 1);
	else
		buf_puts(&path, name);
	if (name[0] != '~' || home)
		read_file(buf_str(&path), out);
	buf_fini(&path);
}

void aws_shared_load(struct aws_shared *s, const struct aws_provider_options *options)
{
	const char *named = options->profile && *options->profile ? options->profile : NULL;
	if (!named)
		named = aws_env(options->env, "AWS_PROFILE");
	if (!named)
		named = aws_env(options->env, "AWS_DEFAULT_PROFILE");
	s->env = options->env;
	s->named = named != NULL;
	s->profile = named ? named : "default";
	read_shared(s->env, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", &s->credentials);
	read_shared(s->env, "AWS_CONFIG_FILE", "~/.aws/config", &s->config);
}

static void wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_fini(b);
}

void aws_shared_fini(struct aws_shared *s)
{
	wipe(&s->credentials);
	wipe(&s->config);
}

static struct view text_of(const struct aws_shared *s, enum aws_file kind)
{
	const struct buf *b = kind == AWS_FILE_CONFIG ? &s->config : &s->credentials;
	return (struct view){ b->data, b->len };
}

struct view aws_shared_get(const struct aws_shared *s, const char *key)
{
	struct view v = aws_profile_get(text_of(s, AWS_FILE_CONFIG), AWS_FILE_CONFIG, s->profile, key);
	return v.len ? v
		     : aws_profile_get(text_of(s, AWS_FILE_CREDENTIALS), AWS_FILE_CREDENTIALS, s->profile,
				       key);
}

/* --- keys ---------------------------------------------------------------------------------------------------------------- */

static int take(struct aws_held *out, struct view id, struct view secret, struct view token,
		const char *source, const char *secret_name, struct err *err)
{
	if (!id.len)
		return 0;
	if (!secret.len)
		return err_set(err, ERR_MISSING, NULL,
			       "PartialCredentialsError: Partial credentials found in %s, missing: %s",
			       source, secret_name);
	if (!aws_held_set(out, id, secret, token))
		return err_set(err, -ENOMEM, NULL, "out of memory");
	return 1;
}

int aws_shared_environment(const struct aws_provider_options *options, struct aws_held *out, struct err *err)
{
	if (options->profile && *options->profile)
		return 0;
	return take(out, view_of(aws_env(options->env, "AWS_ACCESS_KEY_ID")),
		    view_of(aws_env(options->env, "AWS_SECRET_ACCESS_KEY")),
		    view_of(aws_env(options->env, "AWS_SESSION_TOKEN")), "env", "AWS_SECRET_ACCESS_KEY", err);
}

int aws_shared_keys(const struct aws_shared *s, enum aws_file kind, struct aws_held *out, struct err *err)
{
	struct view text = text_of(s, kind);
	return take(out, aws_profile_get(text, kind, s->profile, "aws_access_key_id"),
		    aws_profile_get(text, kind, s->profile, "aws_secret_access_key"),
		    aws_profile_get(text, kind, s->profile, "aws_session_token"),
		    kind == AWS_FILE_CONFIG ? "config-file" : "shared-credentials-file",
		    "aws_secret_access_key", err);
}

int aws_shared_check(const struct aws_shared *s, struct err *err)
{
	static const char *const unsupported[] = { "role_arn", "sso_session", "sso_start_url",
						   "web_identity_token_file" };
	if (s->named && !aws_profile_exists(text_of(s, AWS_FILE_CONFIG), AWS_FILE_CONFIG, s->profile) &&
	    !aws_profile_exists(text_of(s, AWS_FILE_CREDENTIALS), AWS_FILE_CREDENTIALS, s->profile))
		return err_set(err, ERR_UNKNOWN, s->profile,
			       "ProfileNotFound: The config profile (%s) could not be found", s->profile);
	for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
		if (aws_shared_get(s, unsupported[i]).len)
			return err_set(err, ERR_UNSUPPORTED, s->profile,
				       "the AWS profile \"%s\" has %s, which is not supported: give it keys "
				       "or a credential_process",
				       s->profile, unsupported[i]);
	return 0;
}

/* --- the region ------------------------------------------------------------------------------------------------------------ */

static int copy_region(struct view v, char out[AWS_REGION_SIZE], struct err *err)
{
	bool good = v.len > 0 && v.len < AWS_REGION_SIZE;
	for (size_t i = 0; good && i < v.len; i++)
		good = (v.data[i] >= 'a' && v.data[i] <= 'z') || (v.data[i] >= '0' && v.data[i] <= '9') ||
		       v.data[i] == '-';
	if (!good)
		return err_set(err, ERR_SYNTAX, NULL,
			       "InvalidRegionError: Provided region_name '%.*s' doesn't match a supported "
			       "format.",
			       (int)(v.len < 100 ? v.len : 100), v.data ? v.data : "");
	memcpy(out, v.data, v.len);
	out[v.len] = '\0';
	return 0;
}

int aws_region(const struct aws_provider_options *options, const char *configured, char out[AWS_REGION_SIZE],
	       struct err *err)
{
	struct view v = view_of(configured);
	if (!v.len)
		v = view_of(aws_env(options->env, "AWS_REGION"));
	if (!v.len)
		v = view_of(aws_env(options->env, "AWS_DEFAULT_REGION"));
	if (v.len)
		return copy_region(v, out, err);
	struct aws_shared shared;
	aws_shared_load(&shared, options);
	v = aws_shared_get(&shared, "region");
	int rc = copy_region(v.len ? v : VIEW("us-east-1"), out, err);
	aws_shared_fini(&shared);
	return rc;
}
