/* Names drawn by lot, as mkstemp(3), tempfile and uuid make them, and what else nobody uses twice.
 * One name alone is looked at; what several tell is found in learn_series.c. */
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

static size_t digit_run(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && isdigit((unsigned char)s[n]))
        n++;
    return n;
}

/* "pytest-7" in "pytest-of-me", "popen-gw1": a number in each run, or in each of its processes. */
static bool mark_counted(const char *s, size_t len, const char *before, size_t before_len, char *mask)
{
    static const struct {
        const char *head, *in;
    } known[] = {{"pytest-", "pytest-of-"}, {"popen-gw", "pytest-"}};

    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        size_t head = strlen(known[i].head), in = strlen(known[i].in);
        size_t digits = len > head && !memcmp(s, known[i].head, head) ? digit_run(s + head, len - head) : 0;

        if (!digits || head + digits != len || digits > LEARN_INT_DIGITS || before_len < in || memcmp(before, known[i].in, in) != 0)
            continue;
        memset(mask + head, MARK_INT, digits);
        return true;
    }
    return false;
}

/* 19990101 to 20991231. */
static bool is_date(const char *s)
{
    unsigned month = (unsigned)(s[4] - '0') * 10 + (unsigned)(s[5] - '0');
    unsigned day = (unsigned)(s[6] - '0') * 10 + (unsigned)(s[7] - '0');

    return (!memcmp(s, "20", 2) || !memcmp(s, "199", 3)) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Ruby's tmpdir and tempfile: the date, the process, and up to 7 digits to the base of 36. */
static size_t mark_ruby(const char *s, size_t len, char *mask)
{
    size_t pid = digit_run(s + 9, len - 9), at = 10 + pid, drawn = 0;

    if (s[8] != '-' || !pid || pid > 7 || at >= len || s[at - 1] != '-')
        return 0;
    while (at + drawn < len && (isdigit((unsigned char)s[at + drawn]) || islower((unsigned char)s[at + drawn])))
        drawn++;
    if (!drawn || drawn > 7)
        return 0;
    memset(mask + 9, MARK_PID, pid);
    memset(mask + at, MARK_BASE36, drawn);
    return at + drawn;
}

/* A date, and what stands behind it: a time of day. Bytes that were looked at. */
static size_t mark_date(const char *s, size_t len, char *mask)
{
    size_t time = len > 9 && strchr("-_.T", s[8]) ? digit_run(s + 9, len - 9) : 0, ruby;

    memset(mask, MARK_INT, 8);
    if (len > 9 && (ruby = mark_ruby(s, len, mask)))
        return ruby;
    if (time != 4 && time != 6)
        return 8;
    memset(mask + 9, MARK_INT, time);
    return 9 + time;
}

static void mark_dates(const char *s, size_t len, char *mask)
{
    for (size_t i = 0, n; i < len; i += n ? n : 1) {
        n = digit_run(s + i, len - i);
        if (n == 8 && is_date(s + i))
            n = mark_date(s + i, len - i, mask + i);
    }
}

enum { LONG_DIGITS = 9 }; /* too many to be somebody's: seconds since 1970, drawn by lot */

/* What is in front of one is looked at by itself. */
static size_t long_tail(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && isdigit((unsigned char)s[len - n - 1]))
        n++;
    return n >= LONG_DIGITS ? n : 0;
}

static void mark_long(const char *s, size_t len, char *mask)
{
    for (size_t i = 0, n; i < len; i += n ? n : 1) {
        n = mask[i] ? 0 : digit_run(s + i, len - i);
        if (n >= LONG_DIGITS && n <= LEARN_DIGITS_MAX)
            memset(mask + i, n > LEARN_INT_DIGITS ? MARK_LONG : MARK_INT, n);
    }
}

/* The eight letters, digits and '_' of Python's tempfile, behind a prefix that somebody chose. Without
 * '_' they are a run of letters and digits like others. */
static bool is_pythons(const char *s)
{
    bool digit = false, low = memchr(s, '_', 8);
    unsigned changes = 0;

    for (size_t i = 0; i < 8; i++) {
        if (!islower((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && s[i] != '_')
            return false;
        if (!i)
            continue;
        changes += (s[i] == '_') != (s[i - 1] == '_') || class_of(s[i]) != class_of(s[i - 1]);
        digit |= isdigit((unsigned char)s[i]) && islower((unsigned char)s[i - 1]);
        digit |= isdigit((unsigned char)s[i - 1]) && islower((unsigned char)s[i]);
    }
    return low && digit && changes >= 3;
}

static void mark_pythons(const char *s, size_t len, char *mask)
{
    const char *dot = memrchr(s, '.', len);
    size_t end = dot ? (size_t)(dot - s) : len; /* a suffix */

    if (end > 8 && strchr("-_.", s[end - 9]) && is_pythons(s + end - 8))
        memset(mask + end - 8, MARK_RANDOM, 8);
}

static void mark_component(const char *s, size_t len, bool temporary, char *mask)
{
    size_t head = known_head(s, len), n;

    if (head) {
        memset(mask + head, MARK_RANDOM, len - head);
        return;
    }
    if (!temporary)
        return;
    mark_dates(s, len, mask);
    mark_pythons(s, len, mask);
    for (size_t i = 0; i < len; i += n + 1) {
        for (n = 0; i + n < len && isalnum((unsigned char)s[i + n]) && !mask[i + n]; n++)
            ;
        if (is_uuid(s + i, len - i < 36 ? len - i : 36)) {
            n = 36;
            memset(mask + i, MARK_UUID, n);
        } else {
            mark_run(s + i, n - long_tail(s + i, n), mask + i);
        }
    }
    mark_long(s, len, mask);
}

void mark_random(const char *name, size_t len, bool temporary, char *mask)
{
    const char *before = name;
    size_t before_len = 0;

    for (size_t i = 0, n; i < len; i += n + 1) {
        const char *slash = memchr(name + i, '/', len - i);

        n = slash ? (size_t)(slash - name) - i : len - i;
        if (!mark_counted(name + i, n, before, before_len, mask + i))
            mark_component(name + i, n, temporary, mask + i);
        before = name + i;
        before_len = n;
    }
}
