#include "support.h"

#include "base/err.h"
#include "os/load.h"
#include "os/netdev.h"
#include "os/sockstat.h"

static const char text[] = "Inter-|   Receive                                                |  Transmit\n"
			   " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
			   "packets errs drop fifo colls carrier compressed\n"
			   "    lo: 282609488   84507    0    0    0     0          0         0 282609488   "
			   "84507    0    0    0     0       0          0\n"
			   "eth0:1:247222499    8384    1    2    3     4          5         6   394341    "
			   "4786    7    8    9    10      11         12\n";

static void test_whole(void **state)
{
	struct view v = VIEW(text);
	struct netdev d;
	assert_true(netdev_next(&v, &d));
	assert_true(view_eq(d.name, VIEW("lo")));
	assert_int_equal(d.counter[NETDEV_RX_BYTES], 282609488);
	assert_true(netdev_next(&v, &d)); /* an alias, and no blank after the colon */
	assert_true(view_eq(d.name, VIEW("eth0:1")));
	assert_int_equal(d.counter[NETDEV_RX_BYTES], 247222499);
	assert_int_equal(d.counter[NETDEV_RX_MULTICAST], 6);
	assert_int_equal(d.counter[NETDEV_TX_BYTES], 394341);
	assert_int_equal(d.counter[NETDEV_TX_COMPRESSED], 12);
	assert_false(netdev_next(&v, &d));
}

static void test_hostile(void **state)
{
	struct netdev d;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct view v = { text, n };
		while (netdev_next(&v, &d))
			assert_true(d.name.len > 0);
	}
	struct view v = VIEW(":1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nx: 1 2 3\n\n:\ny");
	assert_false(netdev_next(&v, &d));
}

static void test_sockets(void **state)
{
	struct sockstat s;
	sockstat_init(&s);
	assert_int_equal(sockstat_parse(VIEW("sockets: used 127\nTCP: inuse 5 orphan 1 tw 2 alloc 7 mem 3\n"
					     "UDP: inuse 4 mem 0\nUDPLITE: inuse 9\nRAW: inuse 1\n"),
					&s),
			 0);
	assert_int_equal(s.used, 127);
	assert_int_equal(s.tcp_time_wait, 2);
	assert_int_equal(sockstat_inet(&s), 5 + 2 + 4);
	assert_int_equal(sockstat_parse(VIEW("TCP6: inuse 3\nUDP6: inuse 2\n"), &s), 0);
	assert_int_equal(sockstat_inet(&s), 5 + 2 + 4 + 3 + 2);
}

static void test_sockets_hostile(void **state)
{
	struct sockstat s;
	sockstat_init(&s);
	assert_int_equal(sockstat_parse(VIEW("TCP: inuse\nTCP: inuse x\nTCP:\n: 1\n"), &s), ERR_SYNTAX);
	assert_int_equal(sockstat_inet(&s), -1);
	assert_int_equal(sockstat_parse(VIEW("TCP: inuse 99999999999999999999\nUDP: inuse 3\n"), &s), 0);
	assert_int_equal(sockstat_inet(&s),
			 -1); /* not to be told from absent, and no number of sockets either */
}

static void test_load(void **state)
{
	struct load_stat l;
	assert_int_equal(load_parse(VIEW("3.867 2.22 0.9 2/1234 11206\n"), &l), 0);
	assert_float_equal(l.average[0], 3.86, 1e-9);
	assert_float_equal(l.average[2], 0.9, 1e-9);
	assert_int_equal(l.runnable, 2);
	assert_int_equal(l.tasks, 1234);
	assert_int_equal(load_parse(VIEW("1.00 2.00 3.00"), &l), 0);
	assert_int_equal(l.tasks, 0);
	assert_int_equal(load_parse(VIEW("1.00 2.00"), &l), ERR_SYNTAX);
	assert_int_equal(load_parse(VIEW("-1 2 3 1/2 3"), &l), ERR_SYNTAX);
	assert_int_equal(load_parse(VIEW(""), &l), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),   cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_sockets), cmocka_unit_test(test_sockets_hostile),
		cmocka_unit_test(test_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
