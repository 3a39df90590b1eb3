/* Texts captured from a machine (tests/fixtures/host): whole they say what they say, cut or bent anywhere they harm nobody. */
#include "support.h"

#include "base/err.h"
#include "os/cgroup.h"
#include "os/cpu.h"
#include "os/diskstats.h"
#include "os/load.h"
#include "os/memory.h"
#include "os/mounts.h"
#include "os/netdev.h"
#include "os/numbers.h"
#include "os/paging.h"
#include "os/pressure.h"
#include "os/protocols.h"
#include "os/sockstat.h"
#include "os/softnet.h"

#include <errno.h>
#include <stdlib.h>

#define HOST "tests/fixtures/host/"

static struct buf text;

static struct view load_file(const char *path)
{
	struct procfile f = PROCFILE_INIT;
	assert_int_equal(procfile_read(&f, HOST, path, &text), 0);
	procfile_close(&f);
	return (struct view){ text.data, text.len };
}

static void test_paging(void **state)
{
	struct paging p;
	assert_int_equal(paging_parse(load_file("proc/vmstat"), &p), 0);
	assert_true(p.row[PAGING_FAULTS] > 1000000 && p.row[PAGING_FAULTS] != PAGING_ABSENT);
	assert_int_equal(p.row[PAGING_OOM_KILLS], 0);
	assert_int_equal(p.row[PAGING_SWAP_OUT], 0);
	assert_int_equal(
		paging_parse(
			VIEW("allocstall_dma 1\nallocstall_normal 2\nallocstall 4\npgfault\npgfaults 3\n"),
			&p),
		0);
	assert_int_equal(p.row[PAGING_STALLS], 7); /* a sum; new kernels part it by zone */
	assert_true(p.row[PAGING_FAULTS] == PAGING_ABSENT);
	assert_int_equal(paging_parse(VIEW("nr_free_pages 1\n"), &p), ERR_SYNTAX);
}

static void test_pressure(void **state)
{
	struct pressure p;
	assert_int_equal(pressure_parse(load_file("proc/pressure/io"), &p), 0);
	assert_true(p.some.known && p.full.known && p.some.total_us > 0);
	assert_int_equal(pressure_parse(VIEW("some avg10=1.50 avg60=12.25 avg300=100.00 total=77\n"), &p), 0);
	assert_float_equal(p.some.avg60, 12.25, 1e-9);
	assert_int_equal(p.some.total_us, 77);
	assert_false(p.full.known);
	assert_int_equal(pressure_parse(VIEW("some avg10=1.50 avg60=12.25 total=77\n"), &p), ERR_SYNTAX);
	assert_int_equal(pressure_parse(VIEW("full avg10=x avg60=1 avg300=1 total=1\n"), &p), ERR_SYNTAX);
}

static void test_disks(void **state)
{
	struct view v = load_file("proc/diskstats");
	struct disk d;
	bool found = false;
	while (disk_next(&v, &d))
		if (view_eq(d.name, VIEW("vda"))) {
			found = true;
			assert_int_equal(d.major, 254);
			assert_true(d.counter[DISK_WRITES] > 0 && d.counter[DISK_FLUSH_MS] != 0);
		}
	assert_true(found);
	v = VIEW("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n8 1 sda1 1 2 3 4\n\n8 x sdb\n"); /* an old kernel */
	assert_true(disk_next(&v, &d));
	assert_int_equal(d.counter[DISK_QUEUE_MS], 11);
	assert_int_equal(d.counter[DISK_DISCARDS], 0);
	assert_false(disk_next(&v, &d));
}

static void test_protocols(void **state)
{
	static const struct protocol_row rows[] = {
		{ { "Tcp", 3 }, { "RetransSegs", 11 } },
		{ { "Tcp", 3 }, { "MaxConn", 7 } },
		{ { "Udp", 3 }, { "InDatagrams", 11 } },
		{ { "Udp", 3 }, { "NoSuchThing", 11 } },
	};
	uint64_t values[4] = { 9, 9, 9, 9 };
	assert_int_equal(protocols_parse(load_file("proc/net/snmp"), rows, 4, values), 3);
	assert_int_equal(values[1], 0); /* -1: no bound */
	assert_int_equal(values[3], 9);
	static const struct protocol_row six[] = { { { "Ip6", 3 }, { "InReceives", 10 } } };
	assert_int_equal(protocols_parse_list(load_file("proc/net/snmp6"), six, 1, values), 1);
	assert_int_equal(values[0], 105);
	assert_int_equal(protocols_parse(VIEW("Tcp: RetransSegs MaxConn\nTcp: 5\nTcp: MaxConn\nUdp: 7\n"),
					 rows, 4, values),
			 1);
	assert_int_equal(values[0], 5);
	assert_int_equal(protocols_parse(VIEW("\n\n:\n:\nTcp\nTcp\n"), rows, 4, values), 0);
}

static void test_mounts(void **state)
{
	struct view v = load_file("proc/self/mountinfo");
	struct mount m;
	char path[64];
	unsigned n = 0, read_only = 0;
	while (mount_next(&v, &m)) {
		n++;
		read_only += m.read_only;
		if (view_eq(m.type, VIEW("xfs")) && view_eq(m.root, VIEW("/"))) {
			assert_int_equal(mount_unescape(m.point, path, sizeof(path)), strlen("/srv/a disk"));
			assert_string_equal(path, "/srv/a disk");
			assert_int_equal(m.minor, 16);
		}
	}
	assert_int_equal(n, 13);
	assert_int_equal(read_only, 2);
	assert_int_equal(mount_unescape(VIEW("/a\\134b\\0"), path, sizeof(path)),
			 6); /* cut short: kept as it is */
	assert_string_equal(path, "/a\\b\\0");
	assert_int_equal(mount_unescape(VIEW("/a\\000b"), path, sizeof(path)), 0); /* no such path can be */
	assert_int_equal(mount_unescape(VIEW("/abc"), path, 4), 0);
	v = VIEW("1 2 3:4 / /x rw - ext4\n1 2 3 / /x rw - ext4 /dev/x rw\n1 2 3:4 / /x rw ext4 /dev/x rw\n");
	assert_false(mount_next(&v, &m));
}

static void test_softnet_and_numbers(void **state)
{
	struct softnet s;
	uint64_t n[3];
	int64_t t;
	assert_int_equal(softnet_parse(load_file("proc/net/softnet_stat"), &s), 0);
	assert_int_equal(s.cores, 2);
	assert_int_equal(s.processed, 0x250b5 + 0x36fc0);
	assert_int_equal(s.squeezed, 1);
	assert_int_equal(softnet_parse(VIEW("0000000g 0 0\n123456789 0 0\n"), &s), ERR_SYNTAX);
	assert_int_equal(numbers_parse(load_file("proc/sys/fs/file-nr"), n, 3), 0);
	assert_true(n[0] > 0 && n[2] > n[0]);
	assert_int_equal(numbers_parse(VIEW("1 2"), n, 3), ERR_SYNTAX);
	assert_int_equal(number_parse_signed(VIEW("-5000\n"), &t), 0);
	assert_int_equal(t, -5000);
	assert_int_equal(number_named(VIEW("low 0\noom_kill 3\noom_kill_x 4\n"), VIEW("oom_kill"), n), 0);
	assert_int_equal(n[0], 3);
	assert_int_equal(number_named(VIEW("oom_kill\n"), VIEW("oom_kill"), n), ERR_MISSING);
}

static void test_groups(void **state)
{
	struct cgroup_cpu cpu;
	struct cgroup_io io;
	assert_int_equal(
		cgroup_cpu_parse(load_file("sys/fs/cgroup/system.slice/postgresql.service/cpu.stat"), &cpu),
		0);
	assert_int_equal(cpu.usage_us, 952000000);
	assert_int_equal(cpu.throttled_us, 120000);
	cgroup_io_parse(load_file("sys/fs/cgroup/system.slice/postgresql.service/io.stat"), &io);
	assert_int_equal(io.read_bytes, 90430464 + 1000);
	assert_int_equal(io.writes, 1252 + 2);
	cgroup_io_parse(VIEW("8:0 rbytes=18446744073709551615\n8:1 rbytes=5 wbytes= x=1\n"), &io);
	assert_true(io.read_bytes == UINT64_MAX);
	assert_int_equal(cgroup_cpu_parse(VIEW("user_usec 5\n"), &cpu), ERR_SYNTAX);
}

/* --- every file, cut and bent ---------------------------------------------------------------------------------------- */

static void try_all(struct view v)
{
	static const struct protocol_row row[] = { { { "Tcp", 3 }, { "RetransSegs", 11 } } };
	struct cpu_stat cpu;
	struct cpu_core cores[2];
	struct memory_stat memory;
	struct load_stat load;
	struct paging paging;
	struct pressure pressure;
	struct softnet softnet;
	struct sockstat sockets;
	struct netdev dev;
	struct disk disk;
	struct mount mount;
	struct cgroup_cpu group;
	struct cgroup_io io;
	uint64_t value;
	char path[128];
	cpu_stat_parse(v, &cpu, cores, 2);
	if (memory_parse(v, &memory) == 0)
		assert_true(memory_use_of(&memory).percent <= 100);
	load_parse(v, &load);
	paging_parse(v, &paging);
	pressure_parse(v, &pressure);
	softnet_parse(v, &softnet);
	sockstat_init(&sockets);
	sockstat_parse(v, &sockets);
	for (struct view rest = v; netdev_next(&rest, &dev);)
		;
	for (struct view rest = v; disk_next(&rest, &disk);)
		;
	for (struct view rest = v; mount_next(&rest, &mount);)
		mount_unescape(mount.point, path, sizeof(path));
	protocols_parse(v, row, 1, &value);
	protocols_parse_list(v, row, 1, &value);
	cgroup_cpu_parse(v, &group);
	cgroup_io_parse(v, &io);
}

static const char *const every_file[] = {
	"proc/stat",
	"proc/meminfo",
	"proc/loadavg",
	"proc/vmstat",
	"proc/diskstats",
	"proc/net/dev",
	"proc/net/snmp",
	"proc/net/snmp6",
	"proc/net/netstat",
	"proc/net/sockstat",
	"proc/net/softnet_stat",
	"proc/pressure/io",
	"proc/self/mountinfo",
	"proc/sys/fs/file-nr",
	"sys/fs/cgroup/system.slice/postgresql.service/io.stat",
};

static void test_cut_anywhere(void **state)
{
	for (size_t i = 0; i < sizeof(every_file) / sizeof(every_file[0]); i++) {
		struct view whole = load_file(every_file[i]);
		for (size_t n = 0; n <= whole.len; n += n < 600 ? 1 : 7) {
			char *cut = malloc(n ? n : 1); /* of its own, so that a reader past its end is seen */
			assert_non_null(cut);
			memcpy(cut, whole.data, n);
			try_all((struct view){ cut, n });
			free(cut);
		}
	}
}

static void test_bent_anywhere(void **state)
{
	static const char bad[] = "9:- \n\0x\xff/\\=(";
	uint32_t seed = 1;
	for (size_t i = 0; i < sizeof(every_file) / sizeof(every_file[0]); i++) {
		struct view whole = load_file(every_file[i]);
		char *bent = malloc(whole.len);
		assert_non_null(bent);
		for (int round = 0; round < 200; round++) {
			memcpy(bent, whole.data, whole.len);
			for (int k = 0; k < 5; k++) {
				seed = seed * 1664525 + 1013904223;
				bent[(seed >> 8) % whole.len] = bad[(seed >> 4) % (sizeof(bad) - 1)];
			}
			try_all((struct view){ bent, whole.len });
		}
		free(bent);
	}
}

static void test_files(void **state)
{
	struct procfile f = PROCFILE_INIT;
	assert_int_equal(procfile_read(&f, HOST, "proc/no/such/file", &text), -ENOENT);
	assert_int_equal(text.len, 0);
	assert_int_equal(f.fd, -1);
	assert_int_equal(procfile_read(&f, HOST, "proc", &text), -EISDIR);
	assert_int_equal(procfile_read(&f, HOST, "proc/vmstat", &text), 0); /* longer than the first room */
	assert_true(text.len > 3000);
	assert_int_equal(text.data[text.len], 0);
	assert_int_equal(procfile_read(&f, HOST, "proc/vmstat", &text), 0); /* from its beginning again */
	assert_true(text.len > 3000);
	procfile_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paging),        cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_disks),         cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_mounts),        cmocka_unit_test(test_softnet_and_numbers),
		cmocka_unit_test(test_groups),        cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_bent_anywhere), cmocka_unit_test(test_files),
	};
	buf_init(&text);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&text);
	return rc;
}
