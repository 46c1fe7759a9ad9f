#include "say.h"

#include "policy/text.h"
#include "sys.h"

enum { FAILED = 125 };

static void flush(struct text *t)
{
    text_done(t);
    sys_write(2, t->start, text_len(t));
}

void say_fatal(const char *subject, const char *why)
{
    char buffer[1024];
    struct text t = text_into(buffer, sizeof buffer);

    text_str(&t, "sunshim: ");
    text_str(&t, subject);
    text_str(&t, ": ");
    text_str(&t, why);
    t.full ? (void)(t.at[-1] = '\n') : text_byte(&t, '\n');
    flush(&t);
    sys_exit(FAILED);
}

void say_fatal_errno(const char *subject, int err)
{
    const char *name = policy_errno_name(-err);

    say_fatal(subject, name ? name : "unknown error");
}

void say_once(const char *subject, int err, const char *consequence)
{
    const char *name = policy_errno_name(-err);
    char buffer[1024];
    struct text t = text_into(buffer, sizeof buffer);

    text_str(&t, "sunshim: ");
    text_str(&t, subject);
    text_str(&t, ": ");
    text_str(&t, name ? name : "unknown error");
    text_str(&t, ": ");
    text_str(&t, consequence);
    t.full ? (void)(t.at[-1] = '\n') : text_byte(&t, '\n');
    flush(&t);
}

static void caret_line(struct text *t, const struct policy_diag *d)
{
    for (unsigned i = 0; i + 1 < d->column && i < d->source_len; i++)
        text_byte(t, d->source[i] == '\t' ? '\t' : ' ');
    text_byte(t, '^');
    for (unsigned i = 1; i < d->width && i < 200; i++)
        text_byte(t, '~');
    text_byte(t, '\n');
}

void say_diag(void *ctx, const struct policy_diag *d)
{
    static const char severity[][8] = {"error", "warning", "note"};
    char buffer[2048];
    struct text t = text_into(buffer, sizeof buffer);

    (void)ctx;
    text_str(&t, "sunshim: ");
    text_str(&t, d->file ? d->file : "policy");
    if (d->line) {
        text_byte(&t, ':');
        text_unsigned(&t, d->line);
        text_byte(&t, ':');
        text_unsigned(&t, d->column);
    }
    text_str(&t, ": ");
    text_str(&t, severity[d->severity]);
    text_str(&t, ": ");
    text_str(&t, d->message);
    text_byte(&t, '\n');
    if (d->line && d->source && d->source_len < 600) {
        text_bytes(&t, d->source, d->source_len);
        text_byte(&t, '\n');
        caret_line(&t, d);
    }
    if (d->suggestion) {
        text_str(&t, d->suggestion);
        text_byte(&t, '\n');
    }
    flush(&t);
}
