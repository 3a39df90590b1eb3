/* What every unit test includes: cmocka with the headers it wants before it. */
#ifndef AUSPEX_TESTS_SUPPORT_H
#define AUSPEX_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
