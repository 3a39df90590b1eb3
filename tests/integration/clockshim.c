/* A library to preload that sets the clocks of one program: what a test wrote into a file is added to what the kernel says.
 *
 *   CLOCK_SHIM   file of two 64-bit numbers, nanoseconds to add to the wall clock and to the monotonic clock
 *
 * The file is mapped, so that a test moves the clocks while the program runs. On Linux a machine that slept comes back with its
 * wall clock further on and the monotonic one where it was; a virtual machine that was halted may bring both.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static const int64_t still[2];
static const volatile int64_t *added = still;
static int (*kernel)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CLOCK_SHIM");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof(still), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (map != MAP_FAILED)
		added = map;
	if (fd >= 0)
		close(fd);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	if (!kernel)
		kernel = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int rc = kernel(id, out);
	bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
	bool mono = id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE;
	if (rc < 0 || (!wall && !mono))
		return rc;
	int64_t ns = out->tv_sec * NS_PER_S + out->tv_nsec + added[wall ? 0 : 1];
	out->tv_sec = ns / NS_PER_S;
	out->tv_nsec = ns % NS_PER_S;
	return rc;
}
