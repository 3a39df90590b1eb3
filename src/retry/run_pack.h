/* The compact form of a run in RAM: everything but its command and receive time, as bytes.
 *
 *   flags 1 | hash length, hash | status length, status (unless one of the two usual ones) | total duration 8
 *   | total, successful, failed attempts, timestamp, uid, pid: zig-zag varints | n varint
 *   | n times: duration 8, varint of (zig-zag exit code << 1 | success)
 *
 * A 442-byte document with three attempts takes some 60 bytes. Native byte order: never leaves the process. Pure.
 */
#ifndef AUSPEX_RETRY_RUN_PACK_H
#define AUSPEX_RETRY_RUN_PACK_H

#include "retry/run.h"

/* Most bytes run_pack can need for this run. */
size_t run_pack_bound(const struct run *run);
/* Writes at `out` (run_pack_bound bytes of room); returns how many bytes it took. */
size_t run_pack(const struct run *run, unsigned char *out);
/* Fills everything but stored_at and command. Views point into the packed bytes, attempts are in `arena`. 0 or -ENOMEM. */
int run_unpack(const unsigned char *in, struct arena *arena, struct run *run);

#endif
