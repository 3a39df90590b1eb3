/* The checkpointer: a thread of its own with a connection of its own that copies the log into the file while the writer goes
 * on appending. Started by the first busy spell; a quiet daemon never has it.
 *
 * It never empties the log, because the writer is always a little ahead: when little is left the writer does the rest itself,
 * and its next transaction begins the log anew.
 */
#ifndef AUSPEX_STORE_CHECKPOINT_H
#define AUSPEX_STORE_CHECKPOINT_H

#include "reader.h"

struct checkpointer {
	const char *path;
	uv_mutex_t lock;
	uv_cond_t wake; /* both ways */
	uv_thread_t thread;
	bool running; /* the writer's */
	bool asked, stop;
	int copied;       /* pages of the log that are in the file */
	struct conn conn; /* the thread's */
};

/* All calls are the writer's thread's; `path` is borrowed. */
int checkpointer_init(struct checkpointer *c, const char *path);
void checkpointer_stop(struct checkpointer *c); /* waits for the round that is under way */
void checkpointer_fini(struct checkpointer *c); /* after the stop, or without a first round */
/* Begins a round; false when no thread can be had. */
bool checkpointer_ask(struct checkpointer *c);
/* Is a round under way? If not, *copied is how many pages of the log the last ones have copied. `wait`: until it is over. */
bool checkpointer_busy(struct checkpointer *c, bool wait, int *copied);
/* The log was begun anew. */
void checkpointer_reset(struct checkpointer *c);

#endif
