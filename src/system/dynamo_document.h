/* The documents that DynamoDB is sent and those it answers, for the two tables of the upload. Pure.
 *
 *     minutes    hostname_hour (S, hash), minute_timestamp (N, range): an item for each minute of a host
 *     registry   hostname (S, hash): an item for each host
 *
 * A minutes table that another program made for its own form has the key `id` (N or S): items for it are made by dynamo_legacy.h.
 * Writers append to a buffer, whose `failed` tells when memory ran out.
 */
#ifndef AUSPEX_SYSTEM_DYNAMO_DOCUMENT_H
#define AUSPEX_SYSTEM_DYNAMO_DOCUMENT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* Most items of one BatchWriteItem. */
#define DYNAMO_BATCH_MAX 25

enum dynamo_form {
	DYNAMO_FORM_MINUTES,
	DYNAMO_FORM_REGISTRY,
	DYNAMO_FORM_ID_NUMBER,
	DYNAMO_FORM_ID_TEXT,
	DYNAMO_FORM_FOREIGN, /* none of these: nothing of ours fits in */
};

/* DescribeTable */
void dynamo_write_describe(struct buf *out, const char *table);
/* CreateTable of the minutes or the registry form, paid per request. */
void dynamo_write_create(struct buf *out, const char *table, enum dynamo_form form);
/* UpdateTimeToLive on the attribute `ttl`. */
void dynamo_write_ttl(struct buf *out, const char *table);
/* GetItem by hostname. */
void dynamo_write_get(struct buf *out, const char *table, struct view host);
/* PutItem; `item` is a whole attribute map as JSON. */
void dynamo_write_put(struct buf *out, const char *table, struct view item);
/* PutItem that leaves an item of ours alone that was made of more samples. */
void dynamo_write_put_fuller(struct buf *out, const char *table, struct view item, int64_t samples);
/* BatchWriteItem; at most DYNAMO_BATCH_MAX, no two with one key. */
void dynamo_write_batch(struct buf *out, const char *table, const struct view *items, size_t n);

struct dynamo_table_state {
	bool active; /* may be written to */
	enum dynamo_form form;
};
/* Reads an answer to DescribeTable. 0 or ERR_SYNTAX. */
int dynamo_read_table(struct view body, struct dynamo_table_state *out);

/* The item of a GetItem's answer: was there one, and since when is the host known? (0: no first_seen) 0 or ERR_SYNTAX. */
int dynamo_read_system(struct view body, bool *found, double *first_seen);

/* What the service left out of a batch: calls back for every item of such a key with its number among `items`. 0, or ERR_SYNTAX (also for an item that was not sent): then nothing is known of any. */
int dynamo_read_unprocessed(struct view body, const struct view *items, size_t n,
			    void (*cb)(void *arg, size_t index), void *arg);

/* Key and size of an item of the minutes form. */
struct dynamo_minute_key {
	char hour[300]; /* HOST#YYYY-MM-DD-HH */
	int64_t minute; /* Unix seconds */
	int64_t samples;
	bool partial; /* another half of the minute may exist */
};
/* 0 or ERR_SYNTAX. */
int dynamo_read_minute_key(struct view item, struct dynamo_minute_key *out);

#endif
