#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int code;
	const char *name;
	const char *text;
} own_codes[] = {
#define X(name, code, text) { code, #name, text },
	ERR_MAP(X)
#undef X
};

/* glibc knows both by number without locale and without allocation; elsewhere strerror's text is static for
 * every known number, and the names that a human meets in our logs are listed. */
#ifdef __GLIBC__
static const char *errno_name(int number)
{
	return strerrorname_np(number);
}

static const char *errno_text(int number)
{
	return strerrordesc_np(number);
}
#else
static const char *errno_name(int number)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
#define N(name)                                                                                              \
	{                                                                                                    \
		name, #name                                                                                  \
	}
		N(EPERM),        N(ENOENT),       N(EINTR),      N(EIO),           N(EBADF),
		N(EAGAIN),       N(ENOMEM),       N(EACCES),     N(EBUSY),         N(EEXIST),
		N(ENODEV),       N(ENOTDIR),      N(EISDIR),     N(EINVAL),        N(ENFILE),
		N(EMFILE),       N(EFBIG),        N(ENOSPC),     N(EROFS),         N(EPIPE),
		N(ERANGE),       N(ENAMETOOLONG), N(EADDRINUSE), N(EADDRNOTAVAIL), N(ENETDOWN),
		N(ENETUNREACH),  N(ECONNABORTED), N(ECONNRESET), N(ENOTCONN),      N(ETIMEDOUT),
		N(ECONNREFUSED), N(EHOSTUNREACH), N(EALREADY),   N(EINPROGRESS),   N(ESRCH),
		N(ECHILD),       N(ENXIO),        N(ENOTSUP),    N(EPROTO),        N(ECANCELED),
		N(EOVERFLOW),    N(EMSGSIZE),
#undef N
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

static const char *errno_text(int number)
{
	return errno_name(number) ? strerror(number) : NULL;
}
#endif

const char *err_name(int code)
{
	for (size_t i = 0; i < sizeof(own_codes) / sizeof(own_codes[0]); i++)
		if (own_codes[i].code == code)
			return own_codes[i].name;
	const char *name = code < 0 ? errno_name(-code) : NULL;
	return name ? name : "UNKNOWN_CODE";
}

const char *err_text(int code)
{
	for (size_t i = 0; i < sizeof(own_codes) / sizeof(own_codes[0]); i++)
		if (own_codes[i].code == code)
			return own_codes[i].text;
	const char *text = code < 0 ? errno_text(-code) : NULL;
	return text ? text : "unknown error";
}

int err_set(struct err *err, int code, const char *place, const char *fmt, ...)
{
	if (!err)
		return code;
	err->code = code;
	snprintf(err->place, sizeof(err->place), "%s", place ? place : "");
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}
