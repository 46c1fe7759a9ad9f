/* Verdicts as the XML that continuous integration reads (JUnit's; the shape of Jenkins'
 * junit-10.xsd). XML 1.0 has no way to write most control characters, not even escaped:
 * they become \xHH. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "verdicts.h"

static void put_char(FILE *out, const char *at, size_t n)
{
    static const char special[] = "<>&\"'";
    static const char *const written[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
    const char *found = n == 1 ? strchr(special, *at) : NULL;

    if (found)
        fputs(written[found - special], out);
    else
        fwrite(at, 1, n, out);
}

static void put_text(FILE *out, const char *text, bool lines)
{
    size_t len = strlen(text), n;

    for (; len; text += n, len -= n) {
        if ((n = verdict_shown(text, len)))
            put_char(out, text, n);
        else if (lines && *text == '\n')
            fputc('\n', out);
        else
            fprintf(out, "\\x%02x", (unsigned char)*text);
        n += !n;
    }
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    put_text(out, value, false);
    fputc('"', out);
}

static void put_seconds(FILE *out, struct timespec t)
{
    fprintf(out, " time=\"%" PRId64 ".%03ld\"", (int64_t)t.tv_sec, t.tv_nsec / 1000000);
}

static void put_why(FILE *out, const struct verdict *v)
{
    const char *element = v->result == VERDICT_FAILED ? "failure" : "skipped";

    fprintf(out, "      <%s", element);
    put_attribute(out, "type", verdict_kind_word(v->kind));
    put_attribute(out, "message", v->message ? v->message : v->name);
    fputc('>', out);
    if (v->details)
        put_text(out, v->details, true);
    fprintf(out, "</%s>\n", element);
}

static void put_case(FILE *out, const struct verdict *v, struct timespec took)
{
    fprintf(out, "    <testcase classname=\"sunshim.%s\"", verdict_kind_word(v->kind));
    put_attribute(out, "name", v->name);
    put_seconds(out, v->kind == VERDICT_COMMAND ? took : (struct timespec){0});
    if (v->result == VERDICT_PASSED) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    put_why(out, v);
    fputs("    </testcase>\n", out);
}

static void put_counts(FILE *out, const struct verdicts *v)
{
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"", v->count, verdicts_with(v, VERDICT_FAILED));
    put_seconds(out, v->took);
}

static void put_head(FILE *out, const struct verdicts *v)
{
    char when[32] = "", host[256] = "", *command = verdicts_command(v);
    struct tm tm;

    if (gmtime_r(&v->began.tv_sec, &tm))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    if (gethostname(host, sizeof host - 1))
        *host = '\0';
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sunshim\"", out);
    put_counts(out, v);
    fputs(">\n  <testsuite name=\"sunshim\"", out);
    put_counts(out, v);
    fprintf(out, " skipped=\"%zu\" timestamp=\"%s\"", verdicts_with(v, VERDICT_TOLD), when);
    put_attribute(out, "hostname", host);
    fputs(">\n    <properties>\n      <property name=\"command\"", out);
    put_attribute(out, "value", command);
    fprintf(out, "/>\n      <property name=\"version\" value=\"" SUNSHIM_VERSION "\"/>\n    </properties>\n");
}

void junit_print(FILE *out, const struct verdicts *v)
{
    put_head(out, v);
    for (size_t i = 0; i < v->count; i++)
        put_case(out, &v->at[i], v->took);
    fputs("  </testsuite>\n</testsuites>\n", out);
}
