#include "records.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "records_in.h"

static void make_room(struct record *r, size_t size)
{
    if (r->room_size >= size)
        return;
    free(r->room);
    r->room = allocate(size);
    r->room_size = size;
}

/* Where in `where` a key's field is, by its first three bytes. Two keys may share a place: then it
 * has the first of them, and the others are looked for one by one. */
static unsigned char *place_of(const struct record *r, const char *key)
{
    unsigned sum = (unsigned char)*key;

    if (key[0] && key[1])
        sum += 2 * (unsigned char)key[1] + 7 * (unsigned)(unsigned char)key[2];
    return (unsigned char *)(uintptr_t)&r->where[sum % sizeof r->where];
}

static void note_place(struct record *r, const struct field *f)
{
    unsigned char *place = place_of(r, f->key);

    if (!*place)
        *place = (unsigned char)(f - r->fields + 1);
}

bool record_add(struct record *r, const char *key, const char *value, size_t len, bool word)
{
    if (record_field(r, key))
        return true;
    if (r->count == FIELDS_MAX)
        return false;
    r->fields[r->count] = (struct field){.key = key, .value = value, .len = len, .word = word};
    note_place(r, &r->fields[r->count++]);
    return true;
}

bool record_parse(struct record *r, const char *line, size_t len)
{
    r->count = 0;
    memset(r->where, 0, sizeof r->where);
    while (len && strchr(" \t\r\n", line[len - 1]))
        len--;
    while (len && strchr(" \t", *line))
        line++, len--;
    if (!len || memchr(line, '\0', len)) /* in no form do they stand as they are */
        return false;
    make_room(r, 2 * len + 2 + RECORD_SPARE);
    if (*line == '{')
        return record_from_json(r, line, len, r->room, r->room_size - RECORD_ADDRESSES);
    memcpy(r->room, line, len);
    r->room[len] = '\0';
    return record_from_text(r, r->room);
}

bool record_read(struct record *r, const char *line, size_t len)
{
    return record_parse(r, line, len) && record_field(r, "sunshim");
}

void record_free(struct record *r)
{
    free(r->room);
    *r = (struct record){0};
}

const struct field *record_field(const struct record *r, const char *key)
{
    unsigned place = *place_of(r, key);

    if (!place)
        return NULL;
    if (!strcmp(r->fields[place - 1].key, key))
        return &r->fields[place - 1];
    for (const struct field *f = r->fields; f < r->fields + r->count; f++)
        if (*f->key == *key && !strcmp(f->key, key))
            return f;
    return NULL;
}

void record_rename(struct record *r, struct field *f, const char *key)
{
    f->key = key;
    note_place(r, f);
}

const char *record_text(const struct record *r, const char *key)
{
    const struct field *f = record_field(r, key);

    return f ? f->value : "";
}

/* Digits alone, and too few to overflow: nearly all there are. */
static bool plain_number(const char *text, int64_t *number)
{
    const char *at = text;

    for (*number = 0; *at >= '0' && *at <= '9' && at < text + 18; at++)
        *number = 10 * *number + (*at - '0');
    return at > text && !*at;
}

int64_t record_number(const struct record *r, const char *key, int64_t otherwise)
{
    const char *text = record_text(r, key);
    int64_t number;
    char *end;

    if (plain_number(text, &number))
        return number;
    long long n = strtoll(text, &end, 10);
    return *text && !*end && !isspace((unsigned char)*text) ? n : otherwise;
}

bool record_is(const struct record *r, const char *what)
{
    return !strcmp(record_text(r, "sunshim"), what);
}

/* `n` digits at *at, which moves on; -1 where there are fewer. */
static int digits(const char **at, int n)
{
    int value = 0;

    for (; n; n--, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return -1;
        value = 10 * value + (**at - '0');
    }
    return value;
}

/* Numbers with one byte between them, as in 2026-01-31T03:02:11. */
static bool date(const char **at, struct tm *tm)
{
    int *const to[] = {&tm->tm_year, &tm->tm_mon, &tm->tm_mday, &tm->tm_hour, &tm->tm_min, &tm->tm_sec};
    static const char after[] = "--T::";

    for (unsigned i = 0; i < 6; i++) {
        if ((*to[i] = digits(at, i ? 2 : 4)) < 0)
            return false;
        if (i < 5 && *(*at)++ != after[i])
            return false;
    }
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

int64_t record_time(const struct record *r)
{
    const char *at = record_text(r, "time");
    int64_t part = 0, unit = 1000000000;
    struct tm tm = {0};

    if (!date(&at, &tm) || tm.tm_year < 70 || tm.tm_year > 350) /* 64 bits last until 2262, and "month 99" is some years */
        return 0;
    if (*at == '.')
        while (isdigit((unsigned char)*++at) && unit > 1)
            part += (unit /= 10) * (*at - '0');
    return (int64_t)timegm(&tm) * 1000000000 + part;
}
