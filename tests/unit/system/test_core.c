#include "host.h"

static const char *const names[] = { "cpu", "memory", "load", "network", NULL };

#define MEMINFO "MemTotal: 2048 kB\nMemFree: 512 kB\nMemAvailable: 1024 kB\nBuffers: 0 kB\nCached: 256 kB\n"
#define HEAD    "Inter-|   Receive\n face |bytes\n"

static void write_all(struct host *h)
{
	host_write(h, "proc/stat", "cpu 100 0 0 900 0 0 0 0 0 0\ncpu0 100 0 0 900 0 0 0 0 0 0\nctxt 1000\n");
	host_write(h, "proc/meminfo", MEMINFO);
	host_write(h, "proc/loadavg", "1.50 0.75 0.25 1/80 11206\n");
	host_write(h, "proc/net/dev",
		   HEAD
		   "lo: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\neth0: 1000 10 0 0 0 0 0 0 500 5 0 0 0 0 0 0\n");
	host_write(h, "proc/net/sockstat",
		   "sockets: used 9\nTCP: inuse 3 orphan 0 tw 1 alloc 4 mem 1\nUDP: inuse 2 mem 0\n");
}

static int start(void **state)
{
	struct host *h = malloc(sizeof(*h));
	host_start(h, names);
	write_all(h);
	host_ready(h);
	*state = h;
	return 0;
}

static int stop(void **state)
{
	host_stop(*state);
	free(*state);
	return 0;
}

static void test_first_sample(void **state)
{
	struct host *h = *state;
	const struct host_sample *s = host_sample(h, 0);
	assert_int_equal(s->number, 1);
	assert_int_equal(s->have, HOST_CPU | HOST_MEMORY | HOST_LOAD | HOST_NETWORK);
	assert_float_equal(s->cpu_percent, 0, 1e-9);
	assert_float_equal(s->memory_percent, 50, 1e-9);
	assert_float_equal(s->memory_available_mb, 1, 1e-9);
	assert_float_equal(s->load_1m, 1.5, 1e-9);
	assert_int_equal(s->network.bytes_recv, 1010); /* lo counts */
	assert_int_equal(s->network.active_connections, 6);
	assert_true(isnan(s->network.bytes_recv_per_s));
	assert_true(isnan(host_value(h, "system.cpu.percent")));
	assert_float_equal(host_value(h, "system.memory.percent"), 50, 1e-9);
}

static void test_rates(void **state)
{
	struct host *h = *state;
	host_sample(h, 0);
	host_write(h, "proc/stat",
		   "cpu 130 0 10 950 10 0 0 0 0 0\ncpu0 130 0 10 950 10 0 0 0 0 0\nctxt 1500\n");
	host_write(h, "proc/net/dev",
		   HEAD
		   "lo: 30 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0\neth0: 3000 10 0 4 0 0 0 0 700 5 0 0 0 0 0 0\n");
	const struct host_sample *s = host_sample(h, 2000);
	assert_float_equal(s->cpu_percent, 40, 1e-9);
	assert_float_equal(s->network.bytes_recv_per_s, 1010, 1e-9);
	assert_float_equal(host_value(h, "system.context_switches"), 250, 1e-9);
	assert_float_equal(host_value(h, "system.cpu.mode{mode=iowait}"), 10, 1e-9);
	assert_float_equal(host_value(h, "system.core.percent{cpu=0}"), 40, 1e-9);
	assert_float_equal(host_value(h, "system.interface.rx_drops{interface=eth0}"), 2, 1e-9);
	assert_float_equal(host_value(h, "system.network.rx_bytes"), 1000, 1e-9); /* lo does not count */
}

static void test_counters_that_fall_give_no_rate(void **state)
{
	struct host *h = *state;
	host_sample(h, 0);
	host_write(h, "proc/net/dev", HEAD "eth0: 5 10 0 0 0 0 0 0 600 5 0 0 0 0 0 0\n");
	host_write(h, "proc/stat", "cpu 110 0 0 910 0 0 0 0 0 0\nctxt 10\n");
	const struct host_sample *s = host_sample(h, 1000);
	assert_true(isnan(s->network.bytes_recv_per_s));
	assert_true(isnan(host_value(h, "system.interface.rx_bytes{interface=eth0}")));
	assert_float_equal(host_value(h, "system.interface.tx_bytes{interface=eth0}"), 100, 1e-9);
	assert_true(isnan(host_value(h, "system.context_switches")));
	host_write(h, "proc/net/dev", HEAD "eth0: 15 10 0 0 0 0 0 0 600 5 0 0 0 0 0 0\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.interface.rx_bytes{interface=eth0}"), 10, 1e-9);
}

static void test_interfaces_and_cores_come_and_go(void **state)
{
	struct host *h = *state;
	host_sample(h, 0);
	host_write(h, "proc/stat", "cpu 101 0 0 900 0 0 0 0\ncpu0 101 0 0 900 0 0 0 0\n");
	host_sample(h, 1000);
	uint32_t before = h->n;
	host_write(h, "proc/net/dev", HEAD "usb0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
	host_write(h, "proc/stat", "cpu 100 0 0 900 0 0 0 0\ncpu1 1 0 0 1 0 0 0 0\n");
	host_sample(h, 1000);
	host_write(h, "proc/net/dev", HEAD "usb0: 2 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
	host_write(h, "proc/stat", "cpu 110 0 0 910 0 0 0 0\ncpu1 2 0 0 2 0 0 0 0\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.interface.rx_bytes{interface=usb0}"), 1, 1e-9);
	assert_float_equal(host_value(h, "system.core.percent{cpu=1}"), 50, 1e-9);
	assert_true(isnan(host_value(h, "system.interface.rx_bytes{interface=eth0}")));
	assert_true(h->n <= before); /* their columns were used again */
}

static void test_files_that_vanish_and_come_back(void **state)
{
	struct host *h = *state;
	host_sample(h, 0);
	host_write(h, "proc/loadavg", "not a number\n");
	const struct host_sample *s = host_sample(h, 1000);
	assert_float_equal(s->load_1m, 1.5, 1e-9); /* the last one known */
	assert_true(isnan(host_value(h, "system.load1")));
	host_write(h, "proc/loadavg", "2.00 1.00 1.00 1/2 3\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.load1"), 2, 1e-9);
}

static void test_skipped_interfaces(void **state)
{
	struct host *h = *state;
	host_write(h, "proc/net/dev", HEAD "veth12: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
	const struct host_sample *s = host_sample(h, 0);
	host_sample(h, 1000);
	assert_int_equal(s->network.bytes_recv, 1); /* the contract's sum knows all */
	assert_int_equal(registry_find(h->registry, VIEW("system.interface.rx_bytes{interface=veth12}")),
			 SERIES_NONE);
}

static void test_other_options_at_a_reload(void **state)
{
	struct host *h = *state;
	struct system_options other = h->opt;
	host_sample(h, 0);
	assert_false(sampler_reconfigure(h->sampler, &other)); /* nothing that matters here */
	other.every_ns[COLLECTOR_network] = 0;
	assert_true(sampler_reconfigure(h->sampler, &other));
	assert_int_equal(sampler_last(h->sampler)->have, 0); /* nothing that was freed is pointed to */
	h->tick = 0;
	host_write(h, "proc/stat", "cpu 130 0 0 970 0 0 0 0 0 0\n");
	const struct host_sample *s = host_sample(h, 1000);
	assert_int_equal(s->number, 2);
	assert_int_equal(s->have, HOST_CPU | HOST_MEMORY | HOST_LOAD);
	assert_float_equal(s->cpu_percent, 30, 1e-9); /* what goes on knows the reading before */
	assert_true(isnan(host_value(h, "system.network.rx_bytes")));

	assert_true(sampler_reconfigure(h->sampler, &h->opt));
	h->tick = 0;
	s = host_sample(h, 1000);
	assert_true(s->have & HOST_NETWORK);
	assert_true(isnan(s->network.bytes_recv_per_s)); /* of the time in between nothing is known */
	host_write(h, "proc/net/dev", HEAD "eth0: 1100 10 0 0 0 0 0 0 500 5 0 0 0 0 0 0\n");
	host_sample(h, 1000);
	assert_float_equal(host_value(h, "system.network.rx_bytes"), 100, 1e-9);

	other = h->opt;
	other.interval_ns = NS_PER_S / 10;
	other.every_ns[COLLECTOR_load] = NS_PER_S;
	assert_true(sampler_reconfigure(h->sampler, &other));
	h->tick = 0;
	for (int i = 0; i < 20; i++) {
		host_sample(h, 100);
		assert_int_equal(!isnan(host_value(h, "system.load1")), i % 10 == 0);
	}
	assert_true(sampler_reconfigure(h->sampler, &h->opt));
}

static void test_values_are_told_as_they_are_kept(void **state)
{
	struct host *h = *state;
	struct buf out;
	host_sample(h, 0);
	host_write(h, "proc/stat", "cpu 101 0 0 902 0 0 0 0 0 0\n");
	host_sample(h, 1000);
	buf_init(&out);
	struct jw w = jw_init(&out, JW_COMPACT);
	jw_obj(&w, NULL);
	sampler_write(h->sampler, &w);
	jw_end(&w);
	assert_non_null(strstr(buf_str(&out), "\"system.cpu.mode{mode=user}\":33.33,"));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_sample, start, stop),
		cmocka_unit_test_setup_teardown(test_rates, start, stop),
		cmocka_unit_test_setup_teardown(test_counters_that_fall_give_no_rate, start, stop),
		cmocka_unit_test_setup_teardown(test_interfaces_and_cores_come_and_go, start, stop),
		cmocka_unit_test_setup_teardown(test_files_that_vanish_and_come_back, start, stop),
		cmocka_unit_test_setup_teardown(test_skipped_interfaces, start, stop),
		cmocka_unit_test_setup_teardown(test_other_options_at_a_reload, start, stop),
		cmocka_unit_test_setup_teardown(test_values_are_told_as_they_are_kept, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
