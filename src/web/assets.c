/* Looking a file up; the tables are made by embed.py at build time. */
#include "web/assets.h"

const struct web_asset *web_asset_find(struct view path)
{
	for (size_t i = 0; i < web_n_assets; i++) {
		if (view_eq(path, view_of(web_assets[i].path)))
			return &web_assets[i];
	}
	return NULL;
}
