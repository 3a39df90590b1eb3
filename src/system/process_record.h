/* A moment of the greatest processes as bytes: one after the other, each
 *
 *     varint number of its row in process_seen (0: not there), varint pid, varint CPU in tenths of a percent, varint resident KiB, varint threads, state
 *
 * Varints are those of LEB128: seven bits a byte, the lowest first. Pure.
 */
#ifndef AUSPEX_SYSTEM_PROCESS_RECORD_H
#define AUSPEX_SYSTEM_PROCESS_RECORD_H

#include "base/buf.h"

#include <stdint.h>

#define PROCESS_RECORD_MOST 64 /* processes of one moment */

struct process_record {
	int64_t seen; /* >= 0 */
	int32_t pid;
	double cpu_percent;
	uint64_t rss_bytes;
	uint32_t threads;
	char state;
};

void process_record_put(struct buf *out, const struct process_record *r);
/* Takes one off the front. 1, 0 at the end, ERR_CORRUPT. */
int process_record_take(struct view *bytes, struct process_record *out);

#endif
