/* IP addresses as text, for hints and records: libc's inet_ntop() uses stdio
 * inside. Private to policy/ and shim/. */
#ifndef SUNSHIM_POLICY_IP_H
#define SUNSHIM_POLICY_IP_H

#include <stdbool.h>

#include "text.h"

/* 4 bytes (or 16 for `v6`) in network order; IPv6 as RFC 5952 writes it.
 * Async-signal-safe. */
void text_ip(struct text *t, const void *bytes, bool v6);

#endif
