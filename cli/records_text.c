/* key=value and key="value", as the library writes them or the kernel's audit. */
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

/* What ends a word, and what is in keys. */
enum { BLANK = 1, END = 2, KEY = 4 };
static const unsigned char kinds[256] = {
    [0] = END, ['\t'] = BLANK, [' '] = BLANK, ['0' ... '9'] = KEY, ['A' ... 'Z'] = KEY, ['_'] = KEY, ['a' ... 'z'] = KEY,
};

/* Behind all in a row that is of that kind. */
static char *behind(char *at, unsigned kind)
{
    while (kinds[(unsigned char)*at] & kind)
        at++;
    return at;
}

static char *end_of_word(char *at)
{
    while (!(kinds[(unsigned char)*at] & (BLANK | END)))
        at++;
    return at;
}

/* Terminates the value that begins at `at` and undoes its escapes. Gives the first byte
 * behind it, or NULL: it is torn. */
static char *value_at(char *at, bool apparmor, struct field *f)
{
    char *start = at, *next;
    bool escaped = false;
    long len;

    f->word = *at != '"';
    if (f->word) {
        at = end_of_word(at);
    } else {
        for (start = ++at; *(at += strcspn(at, "\"\\")) == '\\'; at += at[1] ? 2 : 1)
            escaped = true;
        if (!*at || !(kinds[(unsigned char)at[1]] & (BLANK | END)))
            return NULL;
    }
    next = *at ? at + 1 : at;
    len = at - start;
    if (escaped)
        len = apparmor ? unprotect(start, (size_t)len) : unescape(start, (size_t)len);
    if (len < 0)
        return NULL;
    start[len] = '\0';
    f->value = start;
    f->len = (size_t)len;
    return next;
}

/* Behind "audit(" at the beginning of a word: the number of the record and its time. */
static const char *audit_time(const char *word)
{
    if (*word == 'm' && !strncmp(word, "msg=", 4))
        return audit_time(word + 4);
    return *word == 'a' && !strncmp(word, "audit(", 6) ? word + 6 : NULL;
}

/* Words without '=', which syslog and audit put in front, are passed over. */
bool record_from_text(struct record *r, char *at)
{
    char *spare = at + strlen(at) + 1;
    const char *when = NULL;
    bool apparmor = false;

    while (*(at = behind(at, BLANK))) {
        char *end = behind(at, KEY);
        struct field f = {.key = at};

        if (!apparmor && !when)
            when = audit_time(at);
        if (*end != '=' || end == at) {
            at = end_of_word(at);
            continue;
        }
        *end = '\0';
        apparmor = apparmor || (*f.key == 'a' && !strcmp(f.key, "apparmor"));
        if (!(at = value_at(end + 1, apparmor, &f)) || !record_add(r, f.key, f.value, f.len, f.word))
            return false;
    }
    if (apparmor)
        record_from_apparmor(r, when, spare, (size_t)(r->room + r->room_size - RECORD_ADDRESSES - spare));
    return r->count > 0;
}
