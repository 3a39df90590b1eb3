/* Tokens that are known by their looks alone. */
#include "mask_parts.h"

static bool is_upper_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
	return is_alnum(c) || c == '_';
}

static bool is_base64url(char c)
{
	return is_word(c) || c == '-';
}

static bool starts_with(struct view v, struct view prefix)
{
	return v.len >= prefix.len && memcmp(v.data, prefix.data, prefix.len) == 0;
}

static size_t span(struct view v, size_t from, bool (*belongs)(char))
{
	size_t i = from;
	while (i < v.len && belongs(v.data[i]))
		i++;
	return i - from;
}

static const struct shape {
	struct view prefix;
	bool (*belongs)(char);
	size_t least; /* characters after the prefix; fewer are a word of somebody's prose */
} shapes[] = {
	{ { "AKIA", 4 }, is_upper_digit, 16 }, /* AWS access keys, long-lived and temporary */
	{ { "ASIA", 4 }, is_upper_digit, 16 },
	{ { "ghp_", 4 }, is_alnum, 16 }, /* GitHub: personal, OAuth, user, server, refresh, fine-grained */
	{ { "gho_", 4 }, is_alnum, 16 },
	{ { "ghu_", 4 }, is_alnum, 16 },
	{ { "ghs_", 4 }, is_alnum, 16 },
	{ { "ghr_", 4 }, is_alnum, 16 },
	{ { "github_pat_", 11 }, is_word, 16 },
};

/* Slack: xoxb-, xoxp-, xoxa-2-, … */
static size_t slack_token(struct view v)
{
	if (v.len < 5 || v.data[4] != '-' || !is_alnum(v.data[3]))
		return 0;
	size_t n = span(v, 5, is_base64url);
	return n >= 10 ? 5 + n : 0;
}

/* header.payload[.signature], the header being base64url of `{"`. */
static size_t json_web_token(struct view v)
{
	size_t header = span(v, 0, is_base64url);
	if (header < 10 || header >= v.len || v.data[header] != '.')
		return 0;
	size_t payload = span(v, header + 1, is_base64url);
	size_t end = header + 1 + payload;
	if (payload < 4)
		return 0;
	if (end < v.len && v.data[end] == '.')
		end += 1 + span(v, end + 1, is_base64url);
	return end;
}

/* From BEGIN to the end of the END line; without one, everything that follows. */
static size_t private_key(struct view v)
{
	static const char mark[] = "PRIVATE KEY-----";
	const char *begin = memmem(v.data, v.len < 64 ? v.len : 64, mark, sizeof(mark) - 1);
	if (!begin)
		return 0;
	begin += sizeof(mark) - 1;
	const char *end = memmem(begin, v.len - (size_t)(begin - v.data), mark, sizeof(mark) - 1);
	return end ? (size_t)(end - v.data) + sizeof(mark) - 1 : v.len;
}

size_t mask_shape(struct view v)
{
	if (starts_with(v, VIEW("eyJ")))
		return json_web_token(v);
	if (starts_with(v, VIEW("xox")))
		return slack_token(v);
	if (starts_with(v, VIEW("-----BEGIN ")))
		return private_key(v);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (!starts_with(v, shapes[i].prefix))
			continue;
		size_t n = span(v, shapes[i].prefix.len, shapes[i].belongs);
		return n >= shapes[i].least ? shapes[i].prefix.len + n : 0;
	}
	return 0;
}
