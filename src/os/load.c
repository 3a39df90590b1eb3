#include "os/load.h"

#include "base/err.h"
#include "os/scan.h"

int load_parse(struct view text, struct load_stat *out)
{
	*out = (struct load_stat){ 0 };
	for (int i = 0; i < 3; i++) {
		uint64_t hundredths;
		if (!scan_hundredths(&text, &hundredths))
			return ERR_SYNTAX;
		out->average[i] = (double)hundredths / 100;
	}
	if (!scan_u64(&text, &out->runnable) || !scan_prefix(&text, VIEW("/")) ||
	    !scan_u64(&text, &out->tasks))
		out->runnable = out->tasks = 0;
	return 0;
}
