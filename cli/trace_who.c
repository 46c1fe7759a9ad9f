/* Who made a call, and when. */
#include <string.h>
#include <time.h>

#include "trace.h"

/* Where the clock stood is worked out once for all records of a second. */
static const struct tm *local_time(time_t seconds)
{
    static time_t last = -1;
    static struct tm tm;

    if (seconds != last)
        localtime_r(&seconds, &tm);
    last = seconds;
    return &tm;
}

static void put_time(struct ink *t, const struct record *r)
{
    static const struct tm none;
    int64_t time = record_time(r);
    const struct tm *tm = &none;

    if (time > 0)
        tm = local_time((time_t)(time / 1000000000));
    else
        time = 0; /* unknown, or made the same */
    ink_colour(t, DIM);
    ink_digits(t, (unsigned)tm->tm_hour, 2);
    ink_text(t, ":");
    ink_digits(t, (unsigned)tm->tm_min, 2);
    ink_text(t, ":");
    ink_digits(t, (unsigned)tm->tm_sec, 2);
    ink_text(t, ".");
    ink_digits(t, (uint64_t)time / 1000, 6);
    ink_text(t, " ");
    ink_colour(t, PLAIN);
}

/* `width` bytes at least, with blanks in front of what stands there since `before`. */
static void put_right(struct ink *t, size_t before, size_t width)
{
    size_t len = t->len - before;

    if (len >= width)
        return;
    ink_blanks(t, width - len);
    memmove(t->at + before + width - len, t->at + before, len);
    memset(t->at + before, ' ', width - len);
}

void trace_who(struct ink *t, const struct record *r)
{
    int64_t tid = record_number(r, "tid", 0);
    const struct field *comm = record_field(r, "comm");

    put_time(t, r);
    size_t before = t->len;
    ink_number(t, record_number(r, "pid", 0));
    if (tid) {
        ink_text(t, "/");
        ink_number(t, tid);
    }
    put_right(t, before, 7);
    ink_text(t, " ");
    before = t->len;
    if (comm && comm->len)
        ink_word(t, comm->value, comm->len);
    else
        ink_text(t, "?");
    ink_blanks(t, t->len - before < 12 ? 13 - (t->len - before) : 1);
}
