/* Sends a run and a few samples to the daemon of this machine and waits until they are stored.
 *
 *     cc push.c $(pkg-config --cflags --libs auspex) -o push
 *     ./push [SOCKET] [COUNT]
 *
 * Exit status: 0 everything is stored, 1 not (the daemon is away, slow or refused something; it says so).
 */
#include <auspex.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const char *socket_path =
		argc > 1 && argv[1][0] ? argv[1] : NULL; /* NULL: where a daemon can be expected */
	int count = argc > 2 ? atoi(argv[2]) : 3;
	struct auspex_run run = { .command = "nightly backup", .duration_s = 42.5, .n_attempts = 2 };

	auspex_t *a = auspex_open(socket_path);
	auspex_run(a, &run);
	for (int i = 0; i < count; i++)
		auspex_sample(a, "app.queue{q=mail}", i);

	int rc = auspex_flush(a, 2000, AUSPEX_STORED); /* at most two seconds of our time */
	if (rc < 0)
		fprintf(stderr, "push: %s %s\n", auspex_strerror(rc), auspex_error(a));

	struct auspex_stats s = { 0 };
	auspex_stats(a, &s);
	printf("stored %llu, refused %llu, dropped %llu, waiting %zu\n", (unsigned long long)s.stored,
	       (unsigned long long)s.refused, (unsigned long long)s.dropped, s.waiting);
	auspex_close(a, 0);
	return rc < 0;
}
