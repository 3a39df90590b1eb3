/* The dashboard's files, embedded at build time, each as it is and gzipped.
 *
 * Tables are constant; views are of static storage. Thread: any.
 */
#ifndef AUSPEX_WEB_ASSETS_H
#define AUSPEX_WEB_ASSETS_H

#include "base/buf.h"

struct web_asset {
	const char *path; /* "/assets/retry.js"; the pages are "/index.html" (native) and "/retry.html" (patienced) */
	const char *type; /* "text/javascript; charset=utf-8" */
	const char *etag; /* quoted, from the content */
	struct view identity, gzip;
};
extern const struct web_asset web_assets[];
extern const size_t web_n_assets;
/* NULL if there is none. */
const struct web_asset *web_asset_find(struct view path);

#endif
