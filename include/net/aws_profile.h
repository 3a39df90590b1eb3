/* AWS's shared files, ~/.aws/credentials and ~/.aws/config: INI texts with a section per profile.
 *
 *     [default]                      the credentials file names a section as the profile
 *     aws_access_key_id = AKIA…
 *
 *     [profile build]                the config file says "profile" before it, but for "default"
 *     region = eu-central-1
 *     s3 =
 *       max_concurrent_requests = 20 indented lines belong to the value above: passed over
 *
 * Lines that begin with '#' or ';' are comments, what follows a value on its line is part of it. Names of keys are compared without
 * regard to case; '=' or ':' ends them; of equal ones the last counts. What is no INI line is passed over. Pure, in place: answers are
 * views of the text. Thread: any.
 */
#ifndef AUSPEX_NET_AWS_PROFILE_H
#define AUSPEX_NET_AWS_PROFILE_H

#include "base/buf.h"

enum aws_file { AWS_FILE_CREDENTIALS, AWS_FILE_CONFIG };

/* Is there a section for the profile? */
bool aws_profile_exists(struct view text, enum aws_file kind, const char *profile);
/* The value, trimmed; `data` is NULL when there is none. */
struct view aws_profile_get(struct view text, enum aws_file kind, const char *profile, const char *key);

#endif
