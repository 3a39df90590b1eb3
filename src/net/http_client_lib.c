#include "http_client_impl.h"

#include <dlfcn.h>
#include <stdio.h>

#ifdef __APPLE__
#define SYSTEM_LIBRARY "libcurl.4.dylib"
#else
#define SYSTEM_LIBRARY "libcurl.so.4"
#endif

/* A function pointer out of dlsym without the cast that ISO C forbids. */
static bool resolve(void *lib, const char *symbol, void *slot)
{
	void *found = dlsym(lib, symbol);
	memcpy(slot, &found, sizeof(found));
	return found != NULL;
}

static bool resolve_all(void *lib, struct curl_api *api)
{
#define X(result, name, params) resolve(lib, "curl_" #name, &api->name) &&
	return CURL_MAP(X) true;
#undef X
}

int http_client_load(struct http_client *c, char *why, size_t why_size)
{
	if (c->loaded)
		return 0;
	const char *name = c->library ? c->library : SYSTEM_LIBRARY;
	/* Never closed again: OpenSSL, which comes with it, registers handlers that run at exit. */
	void *lib = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		const char *reason = dlerror();
		snprintf(why, why_size, "libcurl cannot be loaded, install it (libcurl4): %s",
			 reason ? reason : name);
		return ERR_UNSUPPORTED;
	}
	if (!resolve_all(lib, &c->curl) || c->curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		snprintf(why, why_size, "%s is no usable libcurl: version 7.73 or newer is needed", name);
		return ERR_UNSUPPORTED;
	}
	c->loaded = true;
	int rc = http_client_multi_start(c);
	if (rc < 0) {
		snprintf(why, why_size, "libcurl did not start: %s", err_text(rc));
		c->curl.global_cleanup();
		c->loaded = false;
	}
	return rc;
}
