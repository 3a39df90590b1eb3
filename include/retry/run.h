/* A finished retry run: protocol A's document, decoded, and its compact form in RAM.
 *
 * Decoding follows the retry contract 1.1: unknown keys ignored, keys matched case-insensitively, null and absent fields are
 * zero values, wrong types refuse the document (also fractions, exponents or more than 64 bits where a whole number belongs),
 * durations clamped (NaN/negative to 0, above 2^63 ns to that), exit codes clamped to 32 bits, last duplicate wins. A missing
 * command_hash is computed, from the command before masking. Pure.
 */
#ifndef AUSPEX_RETRY_RUN_H
#define AUSPEX_RETRY_RUN_H

#include "base/clock.h"
#include "base/json.h"
#include "base/json_write.h"

struct run_attempt {
	double duration_s;
	int32_t exit_code;
	bool success;
};

struct run {
	wall_ns stored_at;   /* receive time */
	struct view command; /* masked, valid UTF-8 */
	struct view command_hash;
	struct view final_status; /* "succeeded" counts as success, all else as failure */
	double total_duration_s;
	int64_t total_attempts, successful_attempts, failed_attempts;
	int64_t timestamp;   /* client's clock, Unix seconds */
	const struct run_attempt *attempts;
	uint32_t n_attempts;
	bool attempts_null;  /* the document said null (or nothing) */
	bool command_checked; /* the command went through run_mask */
	uint32_t command_hint; /* where the book may find the command (book_recall); 0 = nowhere known */
	struct view attempts_text; /* the attempts as they stood in the document, if they hold nothing else; else data NULL */
	int64_t uid, pid;    /* of the sender, -1 unknown */
};

/* Views point into the document or `arena`; attempts are in `arena`. 0, or ERR_TYPE / ERR_SYNTAX with a sentence naming the field. */
int run_decode(const struct json_doc *doc, json_ref object, bool mask, struct arena *arena, struct run *run, struct err *err);
/* Masks secrets in the command; what is left of it is in `arena`. run_decode(mask) does this; apart, for who knows the command. 0 or -ENOMEM. */
int run_mask(struct run *run, struct arena *arena);
/* Writes {"timestamp":"…","metrics":{…}} as the API does (RFC3339Nano UTC, protocol A key order). */
void run_write(struct jw *w, const struct run *run);
/* Writes the attempts alone: an array of {"duration_seconds","exit_code","success"}, or null. */
void run_write_attempts(struct jw *w, const char *key, const struct run *run);
/* Is it a success? */
bool run_succeeded(const struct run *run);

#endif
