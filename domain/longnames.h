/* Long file names in arguments and environment variables: where they start and
 * where they may end. Pure; no allocation. */
#ifndef SUNSHIM_DOMAIN_LONGNAMES_H
#define SUNSHIM_DOMAIN_LONGNAMES_H

#include <stdbool.h>
#include <stddef.h>

struct longname {
    const char *at; /* into the text; not terminated */
    size_t len;     /* less than PATH_MAX */
    bool again;     /* starts where the one before did: another reading of it, less likely */
};

/* Calls found() for each name of `least` bytes and more in `text`, an argument or the
 * value of a variable: the whole of it, or what follows "=", ":", a quote and the like.
 * One that may end at several places ("/long/x,fork") is reported for each, the likeliest first. Relative
 * names count only as the whole and after "=" and ":". Cost: goes with the length of the
 * text; the rest of one with thousands of starts is left out. */
void longnames_in(const char *text, size_t least, void (*found)(void *ctx, const struct longname *name), void *ctx);

/* The value of the variable `assignment` ("NAME=VALUE"); NULL where NAME is known
 * to hold other things than names of sockets, or there is no value. */
const char *longnames_value(const char *assignment);

/* Copies a name with its %xx (D-Bus, URLs) made bytes, not terminated; `to` has room
 * for len bytes. Returns how many they are now. %00 stays. */
size_t longnames_decode(char *to, const char *from, size_t len);

#endif
