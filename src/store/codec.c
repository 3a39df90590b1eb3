#include "codec.h"

size_t values_size(const struct store_value *v, size_t n)
{
	size_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += value_size(&v[i]);
	return size;
}

char *value_put(char *p, const struct store_value *v)
{
	*p++ = (char)(v->null ? VALUE_NULL : v->type);
	if (v->null)
		return p;
	if (v->type >= STORE_TEXT) {
		uint32_t len = (uint32_t)v->v.len;
		memcpy(p, &len, sizeof(len));
		if (len)
			memcpy(p + sizeof(len), v->v.data, len);
		return p + sizeof(len) + len;
	}
	if (v->type == STORE_REAL)
		memcpy(p, &v->d, sizeof(v->d));
	else
		memcpy(p, &v->i, sizeof(v->i));
	return p + 8;
}

const char *value_get(const char *p, struct store_value *v)
{
	unsigned char tag = (unsigned char)*p++;
	*v = (struct store_value){ .type = tag & ~VALUE_NULL, .null = tag & VALUE_NULL };
	if (v->null)
		return p;
	if (v->type >= STORE_TEXT) {
		uint32_t len;
		memcpy(&len, p, sizeof(len));
		v->v = (struct view){ p + sizeof(len), len };
		return p + sizeof(len) + len;
	}
	if (v->type == STORE_REAL)
		memcpy(&v->d, p, sizeof(v->d));
	else
		memcpy(&v->i, p, sizeof(v->i));
	return p + 8;
}

char *varint_put(char *p, uint32_t v)
{
	while (v >= 0x80) {
		*p++ = (char)(v | 0x80);
		v >>= 7;
	}
	*p++ = (char)v;
	return p;
}

const char *varint_get(const char *p, const char *end, uint32_t *v)
{
	uint32_t r = 0;
	for (int shift = 0; p < end && shift < 35; shift += 7) {
		unsigned char c = (unsigned char)*p++;
		r |= (uint32_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*v = r;
			return p;
		}
	}
	return NULL;
}
