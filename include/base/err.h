/* Error codes and human-readable faults.
 *
 * A function that can fail returns 0 or a negative code. Codes above -5000 are
 * `-errno` (equal to libuv's codes on Unix); our own live below -5000 and come
 * from the one list here, so enum, name and sentence cannot drift apart.
 *
 * Where a human must repair something (configuration, a rule, a request) the
 * callee also fills a `struct err`: what, where, and how to cure it.
 *
 *     struct err err = {0};
 *     if (yaml_load_file(&doc, arena, path, &err) < 0)
 *         log "…" err.place err.text
 *
 * Thread: any. Nothing here allocates.
 */
#ifndef AUSPEX_BASE_ERR_H
#define AUSPEX_BASE_ERR_H

#include <stddef.h>

/* X(NAME, code, sentence) */
#define ERR_MAP(X)                                                                   \
	X(SYNTAX, -5001, "malformed input")                                          \
	X(TYPE, -5002, "a value has the wrong type")                                 \
	X(RANGE, -5003, "a value is out of range")                                   \
	X(UNKNOWN, -5004, "unknown name")                                            \
	X(MISSING, -5005, "a required value is missing")                             \
	X(DUPLICATE, -5006, "already there")                                         \
	X(FULL, -5007, "a bounded buffer, queue or table is full")                   \
	X(DEPTH, -5008, "nested too deeply")                                         \
	X(MORE, -5009, "more input is needed")                                       \
	X(CLOSED, -5010, "closed or shutting down")                                  \
	X(DENIED, -5011, "access denied")                                            \
	X(CORRUPT, -5012, "stored data is damaged")                                  \
	X(VERSION, -5013, "made by a version this program does not know")            \
	X(UNSUPPORTED, -5014, "not supported here")                                  \
	X(CANCELLED, -5015, "cancelled")                                             \
	X(STORE, -5016, "the history store refused")                                 \
	X(LOCKED, -5017, "held by another process")

enum {
#define X(name, code, text) ERR_##name = (code),
	ERR_MAP(X)
#undef X
};

/* A fault a human can act on. Plain data; owns nothing. */
struct err {
	int code;       /* negative, as returned; 0 = no fault */
	char place[256]; /* "file:line:column", "flag -port", "retry.max_runs"; may be "" */
	char text[512];  /* one sentence: what is wrong and what would be right */
};

/* Short name: "ENOENT", "SYNTAX"; "UNKNOWN_CODE" for a stranger. Static storage. */
const char *err_name(int code);

/* Sentence for a code: strerror text for -errno, the list's text for ours. */
const char *err_text(int code);

/* Fills `err` (may be NULL) and returns `code`, so a callee can `return err_set(…)`.
 * `place` may be NULL. Text is truncated, never overrun. */
int err_set(struct err *err, int code, const char *place, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
