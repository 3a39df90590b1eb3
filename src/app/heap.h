/* The process' heap: how it behaves, what is given back, and a reserve for libuv. */
#ifndef AUSPEX_APP_HEAP_H
#define AUSPEX_APP_HEAP_H

/* Before anything of libuv is used, once. 0 or -ENOMEM. */
int heap_prepare(void);
/* About once a minute: gives back what bursts left free, and fills the reserve again. Loop only. */
void heap_tidy(void);

#endif
