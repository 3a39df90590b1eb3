/* The patienced personality (retry contract, section 4). */
#ifndef AUSPEX_APP_PATIENCED_H
#define AUSPEX_APP_PATIENCED_H

/* argv[0] is the personality's name. Returns the exit status. */
int patienced_main(int argc, char **argv, const char *const *env);

#endif
