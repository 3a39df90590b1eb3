/* What the client files cost: a day of samples, one a second, is written into a folder as the daemon writes them, with clocks that end now.
 *
 *     bench_client_files DIR [SAMPLES]
 *
 * Prints: samples, microseconds of processor a sample, bytes of the four files at the end, most bytes they ever had. The folder is left as a client
 * finds it after that day.
 */
#include "system/client_files.h"
#include "system/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TRACKED 10

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double wander(uint32_t *random, double from, double to)
{
	*random = *random * 1103515245 + 12345;
	return from + (to - from) * (double)(*random >> 8) / (double)(1 << 24);
}

int main(int argc, char **argv)
{
	int64_t n = argc > 2 ? atoll(argv[2]) : 86400;
	struct client_files_options opt = { .dir = argc > 1 ? argv[1] : "",
					    .retention_ns = 86400 * NS_PER_S,
					    .clock = true,
					    .network = true,
					    .upstream_ns = 60 * NS_PER_S };
	struct host_process processes[TRACKED];
	struct client_files *files;
	struct client_files_stats stats;
	struct clock_fake clock;
	struct err err = { 0 };
	uint32_t random = 1;
	size_t most = 0;
	if (argc < 2)
		return 2;
	for (int i = 0; i < TRACKED; i++)
		processes[i] = (struct host_process){
			.pid = 1000 + i,
			.name = VIEW("python3"),
			.cmdline = VIEW(
				"/usr/bin/python3 -m gunicorn --workers 4 --bind 127.0.0.1:8000 app:app"),
			.state = 'S',
			.rss_bytes = 87654321,
			.vms_bytes = 387654321,
			.threads = 4,
			.create_time = 1795378212.78
		};
	clock_fake_init(&clock, clock_wall_ns(clock_system()) - n * NS_PER_S);
	clock.mono_now = clock_mono_us(clock_system()) - n * US_PER_S;
	if (client_files_new(&files, &opt, &clock.clock, NULL, &err) < 0) {
		fprintf(stderr, "bench_client_files: %s\n", err.text);
		return 1;
	}
	double begin = cpu_us();
	for (int64_t i = 1; i <= n; i++) {
		clock_fake_advance(&clock, NS_PER_S);
		struct host_sample s = {
			.number = (uint64_t)i,
			.t = clock_wall_ns(&clock.clock),
			.mono = clock.mono_now > 0 ? clock.mono_now
						   : i, /* a machine that is up for less than a day */
			.have = HOST_CPU | HOST_MEMORY | HOST_LOAD | HOST_NETWORK | HOST_PROCESSES,
			.cpu_percent = wander(&random, 0, 100),
			.memory_percent = wander(&random, 20, 80),
			.memory_available_mb = (double)(int)wander(&random, 1e6, 2e7) / 1024,
			.memory_used_mb = (double)(int)wander(&random, 1e6, 2e7) / 1024,
			.load_1m = wander(&random, 0, 9),
			.load_5m = wander(&random, 0, 9),
			.load_15m = wander(&random, 0, 9),
			.network = { 123456789012u + (uint64_t)i * 1000, 223456789012u + (uint64_t)i * 1000,
				     12345678u + (uint64_t)i, 12345678u + (uint64_t)i, 123, 1000.5, 1000.5,
				     10, 10 },
			.processes = processes,
			.n_processes = TRACKED
		};
		client_files_sample(files, &s);
		client_files_stats(files, &stats);
		most = stats.bytes > most ? stats.bytes : most;
	}
	printf("%lld %.1f %zu %zu\n", (long long)n, (cpu_us() - begin) / (double)n, stats.bytes, most);
	client_files_free(files);
	return stats.failed ? 1 : 0;
}
