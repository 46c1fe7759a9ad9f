/* key=value and key="value", as the library writes them or the kernel's audit. */
#include <ctype.h>
#include <string.h>

#include "records_in.h"

/* Within AppArmor's quotes a backslash protects the next byte, and that is all. */
static long unprotect(char *text, size_t len)
{
    size_t out = 0;

    for (size_t i = 0; i < len; i++)
        text[out++] = text[i] == '\\' && i + 1 < len ? text[++i] : text[i];
    return (long)out;
}

/* Terminates the value that begins at `at` and undoes its escapes. Gives the first byte
 * behind it, or NULL: it is torn. */
static char *value_at(char *at, bool apparmor, struct field *f)
{
    char *start = at, *next;
    long len;

    f->word = *at != '"';
    if (f->word) {
        at += strcspn(at, " \t");
    } else {
        for (start = ++at; *at && *at != '"';)
            at += *at == '\\' && at[1] ? 2 : 1;
        if (!*at || (at[1] && !strchr(" \t", at[1])))
            return NULL;
    }
    next = *at ? at + 1 : at;
    len = f->word ? at - start : apparmor ? unprotect(start, (size_t)(at - start)) : unescape(start, (size_t)(at - start));
    if (len < 0)
        return NULL;
    start[len] = '\0';
    f->value = start;
    f->len = (size_t)len;
    return next;
}

static bool is_key(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)at[i]) && at[i] != '_')
            return false;
    return len > 0;
}

/* Behind "audit(" at the beginning of a word: the number of the record and its time. */
static const char *audit_time(const char *word)
{
    return !strncmp(word, "msg=", 4)    ? audit_time(word + 4)
           : !strncmp(word, "audit(", 6) ? word + 6
                                         : NULL;
}

/* Words without '=', which syslog and audit put in front, are passed over. */
bool record_from_text(struct record *r, char *at)
{
    char *spare = at + strlen(at) + 1;
    const char *when = NULL;
    bool apparmor = false;

    while (*(at += strspn(at, " \t"))) {
        size_t len = strcspn(at, "= \t");
        struct field f = {.key = at};

        if (!apparmor && !when)
            when = audit_time(at);
        if (at[len] != '=' || !is_key(at, len)) {
            at += strcspn(at, " \t");
            continue;
        }
        at[len] = '\0';
        apparmor = apparmor || !strcmp(f.key, "apparmor");
        if (!(at = value_at(at + len + 1, apparmor, &f)) || !record_add(r, f.key, f.value, f.len, f.word))
            return false;
    }
    if (apparmor)
        record_from_apparmor(r, when, spare, (size_t)(r->room + r->room_size - RECORD_ADDRESSES - spare));
    return r->count > 0;
}
