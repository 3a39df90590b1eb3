/* macOS backend of the core set. Written from the system's documentation; it could not be tried on the machines at hand. */
#include "os/cpu.h"
#include "os/load.h"
#include "os/memory.h"
#include "os/netdev.h"
#include "os/sockstat.h"

#include <errno.h>
#include <mach/mach.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <sys/time.h>

int cpu_stat_read(struct procfile *f, const char *proc, struct buf *text, struct cpu_stat *out,
		  struct cpu_core *cores, uint32_t max)
{
	processor_info_array_t info;
	mach_msg_type_number_t n_info;
	natural_t n;
	(void)f, (void)proc, (void)text;
	memset(out, 0, sizeof(*out));
	if (host_processor_info(mach_host_self(), PROCESSOR_CPU_LOAD_INFO, &n, &info, &n_info) !=
	    KERN_SUCCESS)
		return -EIO;
	const processor_cpu_load_info_data_t *load = (const processor_cpu_load_info_data_t *)info;
	for (natural_t i = 0; i < n; i++) {
		struct cpu_times t = { { 0 } };
		t.ticks[CPU_USER] = load[i].cpu_ticks[CPU_STATE_USER];
		t.ticks[CPU_NICE] = load[i].cpu_ticks[CPU_STATE_NICE];
		t.ticks[CPU_SYSTEM] = load[i].cpu_ticks[CPU_STATE_SYSTEM];
		t.ticks[CPU_IDLE] = load[i].cpu_ticks[CPU_STATE_IDLE];
		for (int k = 0; k < CPU_MODES; k++)
			out->all.ticks[k] += t.ticks[k];
		if (out->n_cores < max)
			cores[out->n_cores] = (struct cpu_core){ (uint32_t)i, t };
		out->n_cores++;
	}
	vm_deallocate(mach_task_self(), (vm_address_t)info, n_info * sizeof(*info));
	struct timeval boot;
	size_t size = sizeof(boot);
	if (sysctlbyname("kern.boottime", &boot, &size, NULL, 0) == 0)
		out->boot_time = (uint64_t)boot.tv_sec;
	return 0;
}

int memory_read(struct procfile *f, const char *proc, struct buf *text, struct memory_stat *out)
{
	vm_statistics64_data_t vm;
	mach_msg_type_number_t n = HOST_VM_INFO64_COUNT;
	vm_size_t page;
	uint64_t total;
	size_t size = sizeof(total);
	(void)f, (void)proc, (void)text;
	for (unsigned i = 0; i < MEMORY_ROWS; i++)
		out->row[i] = MEMORY_ABSENT;
	if (sysctlbyname("hw.memsize", &total, &size, NULL, 0) < 0)
		return -errno;
	if (host_page_size(mach_host_self(), &page) != KERN_SUCCESS ||
	    host_statistics64(mach_host_self(), HOST_VM_INFO64, (host_info64_t)&vm, &n) != KERN_SUCCESS)
		return -EIO;
	out->row[MEMORY_TOTAL] = total;
	out->row[MEMORY_AVAILABLE] = ((uint64_t)vm.inactive_count + vm.free_count) * page;
	out->row[MEMORY_ACTIVE] = (uint64_t)vm.active_count * page;
	out->row[MEMORY_INACTIVE] = (uint64_t)vm.inactive_count * page;
	/* "Used" is what is active or wired: everything else counts as free here, so that the shared formula gives it. */
	uint64_t used = ((uint64_t)vm.active_count + vm.wire_count) * page;
	out->row[MEMORY_FREE] = used < total ? total - used : 0;
	struct xsw_usage swap;
	size = sizeof(swap);
	if (sysctlbyname("vm.swapusage", &swap, &size, NULL, 0) == 0) {
		out->row[MEMORY_SWAP_TOTAL] = swap.xsu_total;
		out->row[MEMORY_SWAP_FREE] = swap.xsu_avail;
	}
	return 0;
}

int load_read(struct procfile *f, const char *proc, struct buf *text, struct load_stat *out)
{
	(void)f, (void)proc, (void)text;
	*out = (struct load_stat){ 0 };
	return getloadavg(out->average, 3) == 3 ? 0 : -EIO;
}

/* The counters in the form that netdev_next walks: one row per interface. */
int netdev_read(struct procfile *f, const char *proc, struct buf *text)
{
	int mib[] = { CTL_NET, PF_ROUTE, 0, 0, NET_RT_IFLIST2, 0 };
	size_t size = 0;
	(void)f, (void)proc;
	buf_clear(text);
	if (sysctl(mib, 6, NULL, &size, NULL, 0) < 0)
		return -errno;
	char *list = malloc(size);
	if (!list)
		return -ENOMEM;
	int rc = sysctl(mib, 6, list, &size, NULL, 0) < 0 ? -errno : 0;
	for (size_t at = 0; rc == 0 && at + sizeof(struct if_msghdr) <= size;) {
		const struct if_msghdr *head = (const struct if_msghdr *)(list + at);
		if (head->ifm_msglen == 0)
			break;
		if (head->ifm_type == RTM_IFINFO2) {
			const struct if_msghdr2 *m = (const struct if_msghdr2 *)head;
			char name[IF_NAMESIZE];
			if (if_indextoname(m->ifm_index, name))
				buf_printf(text,
					   "%s: %llu %llu %llu %llu 0 0 0 %llu %llu %llu %llu 0 0 %llu 0 0\n",
					   name, (unsigned long long)m->ifm_data.ifi_ibytes,
					   (unsigned long long)m->ifm_data.ifi_ipackets,
					   (unsigned long long)m->ifm_data.ifi_ierrors,
					   (unsigned long long)m->ifm_data.ifi_iqdrops,
					   (unsigned long long)m->ifm_data.ifi_imcasts,
					   (unsigned long long)m->ifm_data.ifi_obytes,
					   (unsigned long long)m->ifm_data.ifi_opackets,
					   (unsigned long long)m->ifm_data.ifi_oerrors,
					   (unsigned long long)m->ifm_data.ifi_collisions);
		}
		at += head->ifm_msglen;
	}
	free(list);
	return rc == 0 && text->failed ? -ENOMEM : rc;
}

/* Needs root there: the count of connections stays unknown. */
int sockstat_read(struct procfile *v4, struct procfile *v6, const char *proc, struct buf *text,
		  struct sockstat *out)
{
	(void)v4, (void)v6, (void)proc, (void)text;
	sockstat_init(out);
	return -ENOENT;
}
