#include "retry/run.h"

#include "base/digest.h"
#include "base/mask.h"
#include "base/num.h"

#include <errno.h>

/* 2^63 ns in seconds: the longest duration the wire's own type could hold. */
#define DURATION_MAX_S 9223372036.854775807
#define HASH_DIGITS    8
/* Integers of up to so many characters cannot leave int64. */
#define SAFE_DIGITS 18

enum field {
	F_COMMAND,
	F_HASH,
	F_STATUS,
	F_DURATION,
	F_TOTAL,
	F_SUCCESSFUL,
	F_FAILED,
	F_ATTEMPTS,
	F_TIMESTAMP,
	F_ATTEMPT_DURATION,
	F_EXIT_CODE,
	F_SUCCESS,
	F_NONE
};

static const char *const field_names[] = {
	"command",        "command_hash",        "final_status",    "total_duration_seconds",
	"total_attempts", "successful_attempts", "failed_attempts", "attempts",
	"timestamp",      "duration_seconds",    "exit_code",       "success",
};

/* Go's rule: the exact name, else the name in any case. */
static enum field match(struct view key, enum field f)
{
	const char *name = field_names[f];
	if (memcmp(key.data, name, key.len) == 0 || view_ieq(key, (struct view){ name, key.len }))
		return f;
	return F_NONE;
}

static enum field run_field(struct view key)
{
	switch (key.len) {
	case 7:
		return match(key, F_COMMAND);
	case 8:
		return match(key, F_ATTEMPTS);
	case 9:
		return match(key, F_TIMESTAMP);
	case 12:
		return match(key, (key.data[0] | 0x20) == 'c' ? F_HASH : F_STATUS);
	case 14:
		return match(key, F_TOTAL);
	case 15:
		return match(key, F_FAILED);
	case 19:
		return match(key, F_SUCCESSFUL);
	case 22:
		return match(key, F_DURATION);
	default:
		return F_NONE;
	}
}

static enum field attempt_field(struct view key)
{
	switch (key.len) {
	case 7:
		return match(key, F_SUCCESS);
	case 9:
		return match(key, F_EXIT_CODE);
	case 16:
		return match(key, F_ATTEMPT_DURATION);
	default:
		return F_NONE;
	}
}

static struct view key_text(const struct json_doc *d, json_ref key, struct arena *arena)
{
	const struct json_node *n = &d->nodes[key];
	if (n->flags & JSON_F_ESCAPED)
		return json_string(d, key, arena);
	return (struct view){ d->text + n->off, n->len };
}

static int refuse(struct err *err, enum field f, const char *wanted)
{
	return err_set(err, ERR_TYPE, field_names[f], "%s: must be %s", field_names[f], wanted);
}

static int take_string(const struct json_doc *d, json_ref v, enum field f, struct arena *arena,
		       struct view *out, struct err *err)
{
	if (json_type(d, v) != JSON_STRING)
		return refuse(err, f, "a string");
	struct view s = json_string(d, v, arena);
	if (!s.data && json_raw(d, v).len)
		return err_set(err, -ENOMEM, field_names[f], "%s: out of memory", field_names[f]);
	*out = s;
	return 0;
}

/* The parser has checked the form. */
static int64_t short_int(const char *p, size_t len)
{
	int64_t v = 0;
	bool negative = *p == '-';
	for (size_t i = negative; i < len; i++)
		v = v * 10 + (p[i] - '0');
	return negative ? -v : v;
}

/* Go refuses fractions, exponents and what leaves int64. */
static int take_int(const struct json_doc *d, json_ref v, enum field f, int64_t *out, struct err *err)
{
	const struct json_node *n = &d->nodes[v];
	if (n->type != JSON_NUMBER || !(n->flags & JSON_F_INTEGER))
		return refuse(err, f, "a whole number");
	if (n->len <= SAFE_DIGITS) {
		*out = short_int(d->text + n->off, n->len);
		return 0;
	}
	if (num_parse_i64(json_raw(d, v), out) < 0)
		return refuse(err, f, "a whole number of at most 64 bits");
	return 0;
}

/* Durations are clamped, not refused: a broken clock on the sender's side should not cost the run. */
static int take_duration(const struct json_doc *d, json_ref v, enum field f, double *out, struct err *err)
{
	double x;
	if (json_double(d, v, &x) < 0)
		return refuse(err, f, "a number of seconds");
	if (!(x > 0))
		x = 0;
	*out = x > DURATION_MAX_S ? DURATION_MAX_S : x;
	return 0;
}

static int take_exit_code(const struct json_doc *d, json_ref v, int32_t *out, struct err *err)
{
	int64_t code;
	int rc = take_int(d, v, F_EXIT_CODE, &code, err);
	if (rc < 0)
		return rc;
	*out = code > INT32_MAX ? INT32_MAX : code < INT32_MIN ? INT32_MIN : (int32_t)code;
	return 0;
}

/* Returns how many known members there were, or a negative code. */
static int decode_attempt(const struct json_doc *d, json_ref object, struct arena *arena,
			  struct run_attempt *a, struct err *err)
{
	int rc, known = 0;

	*a = (struct run_attempt){ 0 };
	if (json_type(d, object) == JSON_NULL)
		return 0;
	if (json_type(d, object) != JSON_OBJECT)
		return refuse(err, F_ATTEMPTS, "an array of objects or null");
	for (json_ref key = object + 1; key < d->nodes[object].end; key = d->nodes[key + 1].end) {
		enum field f = attempt_field(key_text(d, key, arena));
		if (f == F_NONE || d->nodes[key + 1].type == JSON_NULL)
			continue;
		if (f == F_ATTEMPT_DURATION)
			rc = take_duration(d, key + 1, f, &a->duration_s, err);
		else if (f == F_EXIT_CODE)
			rc = take_exit_code(d, key + 1, &a->exit_code, err);
		else
			rc = json_bool(d, key + 1, &a->success) < 0 ? refuse(err, f, "true or false") : 0;
		if (rc < 0)
			return rc;
		known++;
	}
	return known;
}

/* The text of an array that is not the last member of its object ends before the next key: cheaper than
 * walking it. */
static struct view array_text(const struct json_doc *d, json_ref array)
{
	json_ref next = d->nodes[array].end;
	if (next >= d->n || d->nodes[next].type != JSON_KEY)
		return json_raw(d, array);
	const char *begin = d->text + d->nodes[array].off, *end = d->text + d->nodes[next].off;
	while (end[-1] != ']')
		end--;
	return (struct view){ begin, (size_t)(end - begin) };
}

static int decode_attempts(const struct json_doc *d, json_ref array, struct arena *arena, struct run *run,
			   struct err *err)
{
	run->n_attempts = 0;
	run->attempts = NULL;
	run->attempts_text = (struct view){ NULL, 0 };
	run->attempts_null = json_type(d, array) == JSON_NULL;
	if (run->attempts_null)
		return 0;
	if (json_type(d, array) != JSON_ARRAY)
		return refuse(err, F_ATTEMPTS, "an array of objects or null");

	bool plain = true; /* exactly the three members each: the text can be kept as it stands */
	uint32_t n = d->nodes[array].len, i = 0;
	struct run_attempt *list = arena_alloc(arena, (n + 1) * sizeof(*list));
	if (!list)
		return err_set(err, -ENOMEM, "attempts", "attempts: out of memory");
	for (json_ref v = array + 1; v < d->nodes[array].end; v = d->nodes[v].end) {
		int known = decode_attempt(d, v, arena, &list[i++], err);
		if (known < 0)
			return known;
		plain = plain && known == 3 && d->nodes[v].len == 3;
	}
	run->attempts = list;
	run->n_attempts = n;
	if (plain)
		run->attempts_text = array_text(d, array);
	return 0;
}

static int decode_member(const struct json_doc *d, json_ref v, enum field f, struct arena *arena,
			 struct run *run, struct err *err)
{
	if (f == F_ATTEMPTS)
		return decode_attempts(d, v, arena, run, err);
	if (d->nodes[v].type == JSON_NULL)
		return 0; /* as in Go: null leaves the field as it is */
	switch (f) {
	case F_COMMAND:
		return take_string(d, v, f, arena, &run->command, err);
	case F_HASH:
		return take_string(d, v, f, arena, &run->command_hash, err);
	case F_STATUS:
		return take_string(d, v, f, arena, &run->final_status, err);
	case F_DURATION:
		return take_duration(d, v, f, &run->total_duration_s, err);
	case F_TOTAL:
		return take_int(d, v, f, &run->total_attempts, err);
	case F_SUCCESSFUL:
		return take_int(d, v, f, &run->successful_attempts, err);
	case F_FAILED:
		return take_int(d, v, f, &run->failed_attempts, err);
	case F_TIMESTAMP:
		return take_int(d, v, f, &run->timestamp, err);
	default:
		return 0;
	}
}

static int add_hash(struct run *run, struct arena *arena)
{
	unsigned char sum[SHA256_SIZE];
	char *hex = arena_alloc(arena, HASH_DIGITS + 1);
	if (!hex)
		return -ENOMEM;
	sha256(run->command.data, run->command.len, sum);
	hex_encode(sum, HASH_DIGITS / 2, hex);
	run->command_hash = (struct view){ hex, HASH_DIGITS };
	return 0;
}

int run_mask(struct run *run, struct arena *arena)
{
	struct buf masked;
	int rc = 0;

	run->command_checked = true;
	if (run->command.len == 0)
		return 0;
	buf_init(&masked);
	if (mask_secrets(run->command, &masked)) {
		char *copy = masked.failed ? NULL : arena_strndup(arena, masked.data, masked.len);
		if (copy)
			run->command = (struct view){ copy, masked.len };
		else
			rc = -ENOMEM;
	}
	buf_fini(&masked);
	return rc;
}

int run_decode(const struct json_doc *doc, json_ref object, bool mask, struct arena *arena, struct run *run,
	       struct err *err)
{
	int rc = 0;

	*run = (struct run){ .command = VIEW(""),
			     .command_hash = VIEW(""),
			     .final_status = VIEW(""),
			     .attempts_null = true,
			     .uid = -1,
			     .pid = -1 };
	if (json_type(doc, object) != JSON_OBJECT)
		return err_set(err, ERR_TYPE, "", "a run must be a JSON object");
	for (json_ref key = object + 1; key < doc->nodes[object].end; key = doc->nodes[key + 1].end) {
		enum field f = run_field(key_text(doc, key, arena));
		if (f == F_NONE)
			continue;
		rc = decode_member(doc, key + 1, f, arena, run, err);
		if (rc < 0)
			return rc;
	}
	if (run->command.len && !run->command_hash.len)
		rc = add_hash(run, arena);
	if (rc == 0 && mask) /* last: the hash is of the original */
		rc = run_mask(run, arena);
	return rc < 0 ? err_set(err, rc, "command", "command: out of memory") : 0;
}
