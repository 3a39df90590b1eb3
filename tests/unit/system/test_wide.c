/* The collectors beyond the core set, over the captured machine (tests/fixtures/host), which the tests then change. */
#include "host.h"

#include "series/key.h"

static const char *const names[] = { "disk",  "paging",     "pressure", "protocols", "kernel",
				     "links", "filesystem", "sensors",  "cgroups",   NULL };

static int start(void **state)
{
	struct host *h = malloc(sizeof(*h));
	char command[256];
	host_start(h, names);
	for (size_t i = 0; i < COLLECTORS; i++)
		h->opt.every_ns[i] = h->opt.every_ns[i] ? NS_PER_S : 0;
	snprintf(command, sizeof(command), "cp -r tests/fixtures/host/. '%s'", h->root);
	assert_int_equal(system(command), 0);
	host_ready(h);
	host_sample(h, 0);
	*state = h;
	return 0;
}

static int stop(void **state)
{
	host_stop(*state);
	free(*state);
	return 0;
}

static bool is_series(const struct host *h, const char *key)
{
	return registry_find(h->registry, view_of(key)) != SERIES_NONE;
}

static void test_disk(void **state)
{
	struct host *h = *state;
	host_write(
		h, "proc/diskstats",
		"254 0 vda 1000 0 8000 500 2000 0 16000 4000 0 900 4500\n"
		"254 1 vda1 1000 0 8000 500 2000 0 16000 4000 0 900 4500\n 7 0 loop0 1 0 2 0 0 0 0 0 0 0 0\n"
		"43 0 nbd0 0 0 0 0 0 0 0 0 0 0 0\n");
	host_sample(h, 1000);
	host_write(h, "proc/diskstats", "254 0 vda 1100 0 8800 700 2100 0 18000 4600 3 1400 5500\n");
	host_sample(h, 2000);
	assert_float_equal(host_value(h, "system.disk.read_bytes{disk=vda}"), 800 * 512 / 2.0, 1e-6);
	assert_float_equal(host_value(h, "system.disk.writes{disk=vda}"), 50, 1e-6);
	assert_float_equal(host_value(h, "system.disk.await{disk=vda}"), 4,
			   1e-6); /* 800 ms of 200 requests */
	assert_float_equal(host_value(h, "system.disk.read_await{disk=vda}"), 2, 1e-6);
	assert_float_equal(host_value(h, "system.disk.util{disk=vda}"), 25, 1e-6);
	assert_float_equal(host_value(h, "system.disk.queue{disk=vda}"), 0.5, 1e-6);
	assert_float_equal(host_value(h, "system.disk.in_flight{disk=vda}"), 3, 1e-6);
	assert_false(is_series(h, "system.disk.reads{disk=vda1}")); /* a part of it */
	assert_false(is_series(h, "system.disk.reads{disk=loop0}"));
	assert_false(is_series(h, "system.disk.reads{disk=nbd0}")); /* never used */
	host_sample(h, 1000);
	assert_true(isnan(host_value(h, "system.disk.await{disk=vda}"))); /* no request, no time of one */
	assert_float_equal(host_value(h, "system.disk.util{disk=vda}"), 0, 1e-6);
	host_write(h, "proc/diskstats",
		   "254 0 vda 5 0 40 7 21 0 18 4 3 14 55\n"); /* another one of that name */
	host_sample(h, 1000);
	assert_true(isnan(host_value(h, "system.disk.reads{disk=vda}")));
	assert_true(isnan(host_value(h, "system.disk.await{disk=vda}")));
	assert_true(isnan(host_value(h, "system.disk.util{disk=vda}")));
}

static void test_paging(void **state)
{
	struct host *h = *state;
	double page = (double)sysconf(_SC_PAGESIZE);
	host_write(h, "proc/vmstat",
		   "pgpgin 10\npswpout 5\npgscan_kswapd 100\npgscan_direct 10\noom_kill 2\n");
	host_sample(h, 1000);
	host_write(h, "proc/vmstat",
		   "pgpgin 20\npswpout 9\npgscan_kswapd 150\npgscan_direct 30\noom_kill 3\n");
	host_sample(h, 2000);
	assert_float_equal(host_value(h, "system.paging.read_bytes"), 5 * 1024, 1e-6);
	assert_float_equal(host_value(h, "system.swap.out_bytes"), 2 * page, 1e-6);
	assert_float_equal(host_value(h, "system.paging.scanned"), 35, 1e-6);
	assert_float_equal(host_value(h, "system.memory.oom_kills"), 3, 1e-6);
	host_write(h, "proc/vmstat", "pgpgin 3\npswpout 9\n");
	host_sample(h, 1000);
	assert_true(isnan(host_value(h, "system.paging.read_bytes")));
	assert_float_equal(host_value(h, "system.swap.out_bytes"), 0, 1e-6);
}

static void test_pressure(void **state)
{
	struct host *h = *state;
	host_write(h, "proc/pressure/memory",
		   "some avg10=1.00 avg60=2.50 avg300=3.00 total=1000000\nfull avg10=0.00 avg60=0.50 "
		   "avg300=0.00 total=0\n");
	host_sample(h, 1000);
	host_write(h, "proc/pressure/memory",
		   "some avg10=1.00 avg60=2.75 avg300=3.00 total=1500000\nfull avg10=0.00 avg60=0.50 "
		   "avg300=0.00 total=9000000\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.pressure.percent{of=memory_some}"), 50, 1e-6);
	assert_float_equal(host_value(h, "system.pressure.percent{of=memory_full}"), 100,
			   1e-6); /* booked late */
	assert_float_equal(host_value(h, "system.pressure.avg60{of=memory_some}"), 2.75, 1e-6);
	assert_false(is_series(h, "system.pressure.avg60{of=irq_full}")); /* this kernel has no such file */
}

static void test_protocols(void **state)
{
	struct host *h = *state;
	host_write(h, "proc/net/snmp",
		   "Tcp: ActiveOpens RetransSegs CurrEstab\nTcp: 10 100 7\nUdp: InDatagrams InErrors\nUdp: "
		   "50 1\n");
	host_write(h, "proc/net/snmp6", "Udp6InDatagrams 5\nUdp6InErrors 0\n");
	host_write(h, "proc/net/netstat",
		   "TcpExt: ListenOverflows ListenDrops\nTcpExt: 1 2\nIpExt: X\nIpExt: 1\n");
	host_sample(h, 1000);
	host_write(h, "proc/net/snmp",
		   "Tcp: ActiveOpens RetransSegs CurrEstab\nTcp: 12 90 8\nUdp: InDatagrams InErrors\nUdp: 60 "
		   "1\n");
	host_write(h, "proc/net/snmp6", "Udp6InDatagrams 15\nUdp6InErrors 0\n");
	host_write(h, "proc/net/netstat",
		   "TcpExt: ListenOverflows ListenDrops\nTcpExt: 5 2\nIpExt: X\nIpExt: 1\n");
	host_sample(h, 2000);
	assert_float_equal(host_value(h, "system.tcp.active_opens"), 1, 1e-6);
	assert_true(isnan(host_value(h, "system.tcp.retransmits"))); /* it fell */
	assert_float_equal(host_value(h, "system.tcp.established"), 8, 1e-6);
	assert_float_equal(host_value(h, "system.udp.in"), 10, 1e-6); /* both families */
	assert_float_equal(host_value(h, "system.tcp.listen_overflows"), 2, 1e-6);
}

static void test_kernel(void **state)
{
	struct host *h = *state;
	host_write(h, "proc/sys/fs/file-nr", "500\t0\t1000\n");
	host_write(h, "proc/net/softnet_stat", "fffffff0 00000000 00000000\n");
	host_sample(h, 1000);
	host_write(h, "proc/net/softnet_stat", "00000010 00000003 00000000\n"); /* 32 bits: it wraps */
	host_write(h, "proc/sys/net/netfilter/nf_conntrack_count", "90\n");
	host_write(h, "proc/sys/net/netfilter/nf_conntrack_max", "100\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.files.percent"), 50, 1e-6);
	assert_float_equal(host_value(h, "system.softnet.processed"), 32, 1e-6);
	assert_float_equal(host_value(h, "system.softnet.dropped"), 3, 1e-6);
	assert_float_equal(host_value(h, "system.conntrack.percent"), 90, 1e-6);
	host_write(h, "proc/net/softnet_stat",
		   "00000020 00000003 00000000\n00000020 00000000 00000000\n"); /* a core came */
	host_sample(h, 1000);
	assert_true(isnan(host_value(h, "system.softnet.processed")));
}

static void test_links(void **state)
{
	struct host *h = *state;
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.interface.up{interface=eth0}"), 1, 1e-6);
	assert_float_equal(host_value(h, "system.interface.speed{interface=eth0}"), 1e10, 1);
	assert_false(is_series(h, "system.interface.up{interface=eth1}")); /* never was up */
	assert_false(is_series(h, "system.interface.up{interface=lo}"));
	host_write(h, "sys/class/net/eth0/operstate", "down\n");
	host_write(h, "sys/class/net/eth0/carrier_changes", "4\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.interface.up{interface=eth0}"), 0, 1e-6);
	assert_true(isnan(host_value(h, "system.interface.speed{interface=eth0}")));
	assert_float_equal(host_value(h, "system.interface.carrier_changes{interface=eth0}"), 4, 1e-6);
}

/* Only / is there on the machine of the test; what matters here is which mounts count. */
static void test_filesystem(void **state)
{
	struct host *h = *state;
	for (int i = 0; i < 500 && isnan(host_value(h, "system.filesystem.percent{mount=/}")); i++)
		host_sample(h, 1000);
	assert_true(host_value(h, "system.filesystem.percent{mount=/}") <= 100);
	assert_float_equal(host_value(h, "system.filesystem.hung{mount=/}"), 0, 1e-6);
	assert_float_equal(host_value(h, "system.filesystem.read_only{mount=/media/archive}"), 1, 1e-6);
	assert_true(is_series(h, "system.filesystem.hung{mount=\"/srv/a disk\"}"));
	assert_true(is_series(h, "system.filesystem.hung{mount=/mnt/shared}"));
	assert_false(is_series(h, "system.filesystem.hung{mount=/srv/www}"));     /* the same space again */
	assert_false(is_series(h, "system.filesystem.hung{mount=/dev/shm}"));     /* memory */
	assert_false(is_series(h, "system.filesystem.hung{mount=/snap/core/1}")); /* always full */
	assert_false(is_series(h, "system.filesystem.hung{mount=/proc}"));
	assert_false(is_series(h, "system.filesystem.hung{mount=/var/lib/docker/overlay2/4f5e/merged}"));
}

static void test_sensors(void **state)
{
	struct host *h = *state;
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.temperature{sensor=\"coretemp Core 1\"}"), 53.5, 1e-6);
	double one = host_value(h, "system.temperature{sensor=\"nvme Composite\"}");
	double two = host_value(h, "system.temperature{sensor=\"nvme Composite #2\"}");
	assert_float_equal(one + two, 38.85 + 39.85, 1e-6); /* in the order of the folder */
	assert_float_equal(host_value(h, "system.temperature{sensor=\"thermal x86_pkg_temp\"}"), 54, 1e-6);
	assert_false(is_series(h, "system.temperature{sensor=\"broken temp1\"}")); /* not connected */
	host_write(h, "sys/class/hwmon/hwmon0/temp3_input", "90000\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.temperature{sensor=\"coretemp Core 1\"}"), 90, 1e-6);
}

#define NGINX    "system.slice/nginx.service"
#define POSTGRES "system.slice/postgresql.service"

static void test_cgroups(void **state)
{
	struct host *h = *state;
	host_write(h, "sys/fs/cgroup/" NGINX "/cpu.stat",
		   "usage_usec 52500000\nuser_usec 1\nsystem_usec 1\n");
	host_write(h, "sys/fs/cgroup/" POSTGRES "/io.stat",
		   "254:0 rbytes=90435560 wbytes=299008000 rios=8950 wios=1252\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.cgroup.cpu_percent{cgroup=" NGINX "}"), 50, 1e-6);
	assert_float_equal(host_value(h, "system.cgroup.memory{cgroup=" NGINX "}"), 41943040, 1e-6);
	assert_false(is_series(h, "system.cgroup.memory_percent{cgroup=" NGINX "}")); /* no limit */
	assert_float_equal(host_value(h, "system.cgroup.memory_percent{cgroup=" POSTGRES "}"), 50, 1e-6);
	assert_float_equal(host_value(h, "system.cgroup.read_bytes{cgroup=" POSTGRES "}"), 4096, 1e-6);
	assert_float_equal(host_value(h, "system.cgroup.oom_kills{cgroup=" POSTGRES "}"), 1, 1e-6);
	assert_float_equal(host_value(h, "system.cgroup.tasks{cgroup=" POSTGRES "}"), 12, 1e-6);
	assert_float_equal(host_value(h, "system.cgroup.pressure{cgroup=" NGINX ",of=cpu}"), 0, 1e-6);
	assert_false(is_series(h, "system.cgroup.pressure{cgroup=system.slice/cron.service,of=cpu}"));
	assert_true(is_series(h, "system.cgroup.tasks{cgroup=user.slice/user-1000.slice/session-3.scope}"));
}

static void test_few_cgroups_only(void **state)
{
	struct host *h = *state;
	h->opt.top_cgroups = 2;
	host_sample(h, 61000); /* looked for anew */
	assert_float_equal(host_value(h, "system.cgroup.tasks{cgroup=" POSTGRES "}"), 12,
			   1e-6); /* the most memory */
	assert_true(isnan(host_value(h, "system.cgroup.tasks{cgroup=system.slice/cron.service}")));
	host_write(h, "sys/fs/cgroup/system.slice/cron.service/cpu.stat", "usage_usec 99000000\n");
	host_sample(h, 61000);
	assert_float_equal(host_value(h, "system.cgroup.tasks{cgroup=system.slice/cron.service}"), 3, 1e-6);
}

static void test_a_machine_without_anything(void **state)
{
	struct host h;
	host_start(&h, names);
	host_ready(&h);
	for (int i = 0; i < 3; i++)
		host_sample(&h, 1000);
	assert_int_equal(h.n, 0);
	host_stop(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_disk, start, stop),
		cmocka_unit_test_setup_teardown(test_paging, start, stop),
		cmocka_unit_test_setup_teardown(test_pressure, start, stop),
		cmocka_unit_test_setup_teardown(test_protocols, start, stop),
		cmocka_unit_test_setup_teardown(test_kernel, start, stop),
		cmocka_unit_test_setup_teardown(test_links, start, stop),
		cmocka_unit_test_setup_teardown(test_filesystem, start, stop),
		cmocka_unit_test_setup_teardown(test_sensors, start, stop),
		cmocka_unit_test_setup_teardown(test_cgroups, start, stop),
		cmocka_unit_test_setup_teardown(test_few_cgroups_only, start, stop),
		cmocka_unit_test(test_a_machine_without_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
