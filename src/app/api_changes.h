/* A question about changes under way, shared by the file that asks (api_changes.c) and the one that writes the answer
 * (api_changes_answer.c). */
#ifndef AUSPEX_APP_API_CHANGES_H
#define AUSPEX_APP_API_CHANGES_H

#include "app/parts.h"

#include "detect/detector.h"
#include "net/job.h"

struct changes_series {
	const char *key; /* canonical; in the arena */
	bool counter;
	double *values; /* of n steps */
	struct change_result result;
};

struct changes {
	struct daemon *d;
	struct http_request *r; /* NULL when the peer has gone */
	struct job *job;        /* the loop's; NULL: not on the pool */
	struct job *running;    /* the same, the pool's */
	const struct detector *detector;
	struct detect_options options;
	bool several;                  /* the answer is a list of series */
	double rate;                   /* fdr: judged together; NaN: each by itself */
	struct changes_series *series; /* in the arena */
	size_t n_series, at;           /* `at`: whose turn it is to be read */
	wall_ms start, step_ms;
	size_t n;                      /* steps */
	struct step *steps, *from_ram; /* of the one whose turn it is */
	struct store_steps stored;
	double *values; /* of all */
	double *p;      /* of each series the smallest, as fdr_collect gives them */
	struct arena arena;
	int rc; /* of the analysis */
};

/* Sends what was found. */
void changes_answer(struct changes *c);

#endif
