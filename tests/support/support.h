/* What every unit test includes: cmocka with the headers it wants before it. */
#ifndef AUSPEX_TESTS_SUPPORT_H
#define AUSPEX_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Ends the test as skipped, with a line that contrib/test shows at its end. */
#define skip_because(reason)                                                                                 \
	do {                                                                                                 \
		printf("SKIP: %s: %s\n", __func__, (reason));                                                \
		skip();                                                                                      \
	} while (0)

#endif
