#include "base/err.h"
#include "os/process.h"
#include "os/scan.h"

#include <limits.h>

#define COMM_CUT 15 /* bytes the kernel keeps of a program's name */

/* Fields of /proc/PID/stat behind the name, from 0. */
enum {
	FIELD_STATE,
	FIELD_PARENT,
	FIELD_MAJOR_FAULTS = 9,
	FIELD_USER = 11,
	FIELD_SYSTEM = 12,
	FIELD_THREADS = 17,
	FIELD_START = 19,
	FIELD_SIZE = 20,
	FIELD_RESIDENT = 21,
	FIELDS
};

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t r;
	return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t r;
	return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
}

static uint64_t ticks_to_us(uint64_t ticks, const struct process_units *units)
{
	uint64_t whole = ticks / units->ticks_per_s, rest = ticks % units->ticks_per_s;
	return plus(times(whole, 1000000), rest * 1000000 / units->ticks_per_s);
}

/* A negative number is none that a field of ours can have: 0. */
static bool take_number(struct view *text, uint64_t *out)
{
	struct view word;
	*out = 0;
	if (!scan_word(text, &word))
		return false;
	if (word.len > 1 && *word.data == '-')
		return true;
	return scan_u64(&word, out) && word.len == 0;
}

static int take_name(struct view *text, struct process_stat *out)
{
	uint64_t pid;
	if (!scan_u64(text, &pid) || pid == 0 || pid > INT32_MAX || !scan_prefix(text, VIEW(" (")))
		return ERR_SYNTAX;
	/* The name may hold anything, parentheses and line ends too: it reaches to the LAST one. */
	const char *close = text->len ? memrchr(text->data, ')', text->len) : NULL;
	if (!close)
		return ERR_SYNTAX;
	size_t n = (size_t)(close - text->data);
	out->pid = (int32_t)pid;
	out->comm_len = (uint8_t)(n < PROCESS_COMM_MAX ? n : PROCESS_COMM_MAX);
	memcpy(out->comm, text->data, out->comm_len);
	text->data += n + 1;
	text->len -= n + 1;
	return 0;
}

int process_stat_parse(struct view text, const struct process_units *units, struct process_stat *out)
{
	uint64_t field[FIELDS] = { 0 };
	struct view state;
	memset(out, 0, sizeof(*out));
	if (take_name(&text, out) < 0 || !scan_word(&text, &state) || state.len != 1)
		return ERR_SYNTAX;
	for (int i = FIELD_PARENT; i < FIELDS; i++)
		if (!take_number(&text, &field[i]))
			return ERR_SYNTAX;
	out->state = *state.data;
	out->parent = field[FIELD_PARENT] <= INT32_MAX ? (int32_t)field[FIELD_PARENT] : 0;
	out->threads = field[FIELD_THREADS] <= UINT32_MAX ? (uint32_t)field[FIELD_THREADS] : UINT32_MAX;
	out->major_faults = field[FIELD_MAJOR_FAULTS];
	out->cpu_us = ticks_to_us(plus(field[FIELD_USER], field[FIELD_SYSTEM]), units);
	out->start_us = ticks_to_us(field[FIELD_START], units);
	out->vms_bytes = field[FIELD_SIZE];
	out->rss_bytes = times(field[FIELD_RESIDENT], units->page_bytes);
	return 0;
}

int process_statm_parse(struct view text, const struct process_units *units, uint64_t *vms_bytes,
			uint64_t *rss_bytes)
{
	uint64_t pages[2];
	if (scan_numbers(&text, pages, 2) != 2)
		return ERR_SYNTAX;
	*vms_bytes = times(pages[0], units->page_bytes);
	*rss_bytes = times(pages[1], units->page_bytes);
	return 0;
}

int process_io_parse(struct view text, struct process_io *out)
{
	struct view line;
	bool have_read = false, have_written = false;
	while (scan_line(&text, &line)) {
		if (scan_prefix(&line, VIEW("read_bytes:")))
			have_read = scan_u64(&line, &out->read_bytes);
		else if (scan_prefix(&line, VIEW("write_bytes:")))
			have_written = scan_u64(&line, &out->written_bytes);
	}
	return have_read && have_written ? 0 : ERR_SYNTAX;
}

int64_t process_btime_parse(struct view text)
{
	struct view line;
	uint64_t seconds;
	while (scan_line(&text, &line))
		if (scan_prefix(&line, VIEW("btime ")) && scan_u64(&line, &seconds) && seconds <= INT64_MAX)
			return (int64_t)seconds;
	return -1;
}

/* --- names --------------------------------------------------------------------------------------------------------- */

struct view process_base_name(struct view arguments)
{
	const char *end = arguments.len ? memchr(arguments.data, 0, arguments.len) : NULL;
	struct view first = { arguments.data, end ? (size_t)(end - arguments.data) : arguments.len };
	const char *slash = first.len ? memrchr(first.data, '/', first.len) : NULL;
	if (!slash)
		return first;
	size_t skip = (size_t)(slash - first.data) + 1;
	return (struct view){ first.data + skip, first.len - skip };
}

struct view process_name(struct view comm, struct view arguments)
{
	struct view base = process_base_name(arguments);
	bool cut = comm.len == COMM_CUT && base.len > comm.len && memcmp(base.data, comm.data, comm.len) == 0;
	return cut ? base : comm;
}

size_t process_join_arguments(struct view arguments, char *out, size_t size)
{
	while (arguments.len && arguments.data[arguments.len - 1] == 0)
		arguments.len--;
	size_t n = arguments.len < size ? arguments.len : size;
	for (size_t i = 0; i < n; i++)
		out[i] = arguments.data[i] ? arguments.data[i] : ' ';
	return n;
}

const char *process_state_word(char state)
{
	switch (state) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk-sleep";
	case 'T':
		return "stopped";
	case 't':
		return "tracing-stop";
	case 'Z':
		return "zombie";
	case 'X':
	case 'x':
		return "dead";
	case 'K':
		return "wake-kill";
	case 'W':
		return "waking";
	case 'I':
		return "idle";
	case 'P':
		return "parked";
	default:
		return "unknown";
	}
}
