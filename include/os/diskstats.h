/* Counters of block devices: /proc/diskstats.
 *
 *     254       0 vda 8384 20 552034 1500 48120 33 2002 9000 0 4100 10500 0 0 0 0 120 60
 *
 * Sectors are 512 bytes whatever the device says. Kernels before 4.18 give 11 numbers, before 5.5 15; the rest is 0. Source:
 * Documentation/admin-guide/iostats.rst. Thread: any.
 */
#ifndef AUSPEX_OS_DISKSTATS_H
#define AUSPEX_OS_DISKSTATS_H

#include "base/buf.h"

#include <stdint.h>

#define DISK_SECTOR_BYTES 512

enum disk_counter {
	DISK_READS,
	DISK_READS_MERGED,
	DISK_READ_SECTORS,
	DISK_READ_MS, /* summed over requests */
	DISK_WRITES,
	DISK_WRITES_MERGED,
	DISK_WRITE_SECTORS,
	DISK_WRITE_MS,
	DISK_IN_FLIGHT, /* now */
	DISK_BUSY_MS,   /* time with at least one request */
	DISK_QUEUE_MS,  /* time × requests */
	DISK_DISCARDS,
	DISK_DISCARDS_MERGED,
	DISK_DISCARD_SECTORS,
	DISK_DISCARD_MS,
	DISK_FLUSHES,
	DISK_FLUSH_MS,
	DISK_COUNTERS
};
struct disk {
	struct view name; /* into the text */
	uint64_t major, minor;
	uint64_t counter[DISK_COUNTERS];
};

/* Takes the next device off the front of the text; lines that are none are passed over. False at the end. */
bool disk_next(struct view *text, struct disk *out);

#endif
