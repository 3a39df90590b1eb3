/* A log file of bounded size: when PATH is full it becomes PATH.1, what was PATH.1 becomes PATH.2, and the oldest goes.
 *
 * Whoever rotates by other means moves the file away and has it opened anew (log_file_reopen). Where renaming is refused the file
 * begins anew: the bound holds, the old lines are lost. Thread: one at a time; `struct log` keeps it under its own lock.
 */
#ifndef AUSPEX_BASE_LOG_FILE_H
#define AUSPEX_BASE_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

struct log_file;

/* Opens for appending, makes it 0640. `max_bytes` 0: no bound; `keep` old files stay behind it. 0 or -errno. */
int log_file_open(struct log_file **out, const char *path, int64_t max_bytes, unsigned keep);
void log_file_close(struct log_file *f);
/* The descriptor for the next `len` bytes; the full file has made room by then. Never -1; valid until the next call. */
int log_file_room(struct log_file *f, size_t len);
/* So many bytes went to that descriptor. */
void log_file_wrote(struct log_file *f, size_t len);
/* Opens the path once more. 0, or -errno and all stays as it was. */
int log_file_reopen(struct log_file *f);

#endif
