/* Items for a table whose key is `id`, as an older form of the upload had it. Pure.
 *
 *     record   id, hostname S, timestamp N, batch_size N, start_time N, end_time N, metrics_data S (a JSON array, a sample each), created_at S,
 *              data_type S "system_metrics", compressed BOOL false
 *     marker   id of the host's own, hostname S, timestamp N, latest_record_id S, compressed BOOL, record_type S "latest_marker", updated_at S
 *
 * The id is of the type that the table wants; of a record it is the last sample's time in ms, of a marker a number made of the host's name.
 */
#ifndef AUSPEX_SYSTEM_DYNAMO_LEGACY_H
#define AUSPEX_SYSTEM_DYNAMO_LEGACY_H

#include "dynamo_document.h"

#include "base/clock.h"

/* BatchWriteItem of the records of up to DYNAMO_BATCH_MAX - 1 minutes, oldest first, given as items of the minutes form, and of the marker of the
 * last one. */
void dynamo_legacy_write_batch(struct buf *out, const char *table, enum dynamo_form form,
			       const struct view *minutes, size_t n, struct view host, wall_ns now);

#endif
