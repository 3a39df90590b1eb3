/* Secrets in commands, configuration and logs are masked before they are kept.
 *
 * What counts as a secret: the value after a word that names one (password, passwd, pwd, secret,
 * token, api-key, apikey, access-key, auth, bearer, credential; any case, `-` and `_` alike) with
 * `=`, `:` or a following argument ("--password x", "-H 'Authorization: Bearer x'", "TOKEN=x cmd"),
 * user:password in a URL ("https://u:p@host"), and well-known token shapes (AKIA…, ghp_…, xox?-…,
 * eyJ… JWTs, `-----BEGIN … PRIVATE KEY`). The value becomes "***"; everything else stays byte for byte.
 *
 * Not masked: names whose last word says that the value only speaks about a secret ("--token-file", "auth-url",
 * "--password-stdin"), denials ("--no-auth"), bare words without a value ("gcloud auth login"), `PWD=/dir`,
 * `a==b`, image tags and paths behind a colon, user names without a password in URLs.
 *
 * Pure. Thread: any. Cheap when nothing looks like a secret (one pass, no allocation).
 */
#ifndef AUSPEX_BASE_MASK_H
#define AUSPEX_BASE_MASK_H

#include "base/buf.h"

/* True if the text holds something to mask; then `out` (appended to) has the masked text.
 * False: nothing appended, use the original. */
bool mask_secrets(struct view text, struct buf *out);
/* Does a key of this name hold a secret? ("api_key", "Password", "x-auth-token") */
bool mask_key_is_secret(struct view key);

#endif
