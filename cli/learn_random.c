/* Names drawn by lot, as mkstemp(3), tempfile and uuid make them. One name alone is looked at;
 * what several runs tell is found in learn_names.c. */
#include <ctype.h>
#include <string.h>

#include "learn.h"

static bool is_hex(char c)
{
    return isdigit((unsigned char)c) || (c >= 'a' && c <= 'f');
}

static size_t hex_run(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && is_hex(s[n]))
        n++;
    return n;
}

/* 8-4-4-4-12 hexadecimal digits. */
static bool is_uuid(const char *s, size_t len)
{
    static const unsigned parts[] = {8, 4, 4, 4, 12};
    size_t at = 0;

    for (unsigned i = 0; i < 5; i++) {
        if (at > len || hex_run(s + at, len - at) != parts[i])
            return false;
        at += parts[i];
        if (i < 4 && (at == len || s[at++] != '-'))
            return false;
    }
    return true;
}

static int class_of(char c)
{
    return isdigit((unsigned char)c) ? 0 : islower((unsigned char)c) ? 1 : 2;
}

/* "server1", "Server", "SERVER", "12345": one change of kind at most, where words have it. */
static bool is_word(const char *s, size_t len, unsigned changes)
{
    if (changes > 1)
        return false;
    return changes == 0 || class_of(s[len - 1]) == 0 || (class_of(s[0]) == 2 && class_of(s[1]) == 1);
}

/* "SessionBus", "mySocket2": capitals stand alone, and words have some length. */
static bool is_camel(const char *s, size_t len)
{
    size_t letters = len, words = class_of(*s) == 1;

    while (letters && isdigit((unsigned char)s[letters - 1]))
        letters--;
    for (size_t i = 0; i < letters; i++) {
        bool capital = class_of(s[i]) == 2;

        if (class_of(s[i]) == 0 || (capital && i && class_of(s[i - 1]) == 2))
            return false;
        words += capital;
    }
    return 2 * letters >= 7 * words;
}

static bool looks_drawn(const char *s, size_t len)
{
    unsigned changes = 0;

    for (size_t i = 1; i < len; i++)
        changes += class_of(s[i]) != class_of(s[i - 1]);
    if (len < 6 || len > LEARN_RANDOM_MAX || is_word(s, len, changes))
        return false;
    return len == 6 || !is_camel(s, len); /* six is what mkstemp(3) makes */
}

/* Programs whose names are known, where they look like words, too. */
static size_t known_head(const char *s, size_t len)
{
    static const struct {
        const char *head;
        size_t drawn;
        const char *also; /* beside letters and digits */
    } known[] = {{"tmp.", 10, ""}, {"tmp", 8, "_"}, {"dbus-", 10, ""}, {"ssh-", 12, ""}, {"gpg-", 6, ""}};

    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        size_t head = strlen(known[i].head), n = 0;

        if (len != head + known[i].drawn || memcmp(s, known[i].head, head))
            continue;
        while (head + n < len && s[head + n] && (isalnum((unsigned char)s[head + n]) || strchr(known[i].also, s[head + n])))
            n++;
        if (n == known[i].drawn)
            return head;
    }
    return 0;
}

/* A run of letters and digits: all of it, or the six at its end behind a word. */
static void mark_run(const char *s, size_t len, char *mask)
{
    size_t head = 0;

    if (looks_drawn(s, len)) {
        memset(mask, MARK_RANDOM, len);
        for (head = 0; len > 9 && head < len - 6 && islower((unsigned char)s[head]); head++)
            ;
        if (len > 9 && head == len - 6) /* "criterionXXXXXX" */
            memset(mask, MARK_NONE, head);
    }
}

static void mark_component(const char *s, size_t len, bool temporary, char *mask)
{
    size_t head = known_head(s, len), n;

    if (head) {
        memset(mask + head, MARK_RANDOM, len - head);
        return;
    }
    for (size_t i = 0; temporary && i < len; i += n + 1) {
        for (n = 0; i + n < len && isalnum((unsigned char)s[i + n]); n++)
            ;
        if (is_uuid(s + i, len - i < 36 ? len - i : 36)) {
            n = 36;
            memset(mask + i, MARK_UUID, n);
        } else {
            mark_run(s + i, n, mask + i);
        }
    }
}

void mark_random(const char *name, size_t len, bool temporary, char *mask)
{
    for (size_t i = 0, n; i < len; i += n + 1) {
        const char *slash = memchr(name + i, '/', len - i);

        n = slash ? (size_t)(slash - name) - i : len - i;
        mark_component(name + i, n, temporary, mask + i);
    }
}
