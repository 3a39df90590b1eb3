#include "base/err.h"

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

const char *err_name(int code)
{
	for (size_t i = 0; i < sizeof(own_codes) / sizeof(own_codes[0]); i++)
		if (own_codes[i].code == code)
			return own_codes[i].name;
	const char *name = code < 0 ? strerrorname_np(-code) : NULL;
	return name ? name : "UNKNOWN_CODE";
}

const char *err_text(int code)
{
	for (size_t i = 0; i < sizeof(own_codes) / sizeof(own_codes[0]); i++)
		if (own_codes[i].code == code)
			return own_codes[i].text;
	const char *text = code < 0 ? strerrordesc_np(-code) : NULL;
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
