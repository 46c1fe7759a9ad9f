/* Records that anybody may have written, and names that programs choose.
 *
 * The input is read as a record as it stands. Then its bytes are the names in a TRACE record of
 * the library's own, as text and as JSON, which must read back as one record with exactly those
 * names and no key more: a name cannot forge anything. */
#include "tests/fuzz/fuzz.h"

#include <sys/socket.h>

#include "cli/records.h"
#include "tests/fuzz/records_line.h"

static void check(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_records: %s\n", what);
    abort();
}

static void read_it_raw(const uint8_t *data, size_t size)
{
    struct record r = {0};
    struct policy_query q;
    size_t sum = 0;

    if (record_read(&r, (const char *)data, size)) {
        for (unsigned i = 0; i < r.count; i++) {
            sum += strlen(r.fields[i].key);
            for (size_t k = 0; k < r.fields[i].len; k++)
                sum += (unsigned char)r.fields[i].value[k];
            check(r.fields[i].value[r.fields[i].len] == '\0', "a value is not terminated");
        }
        record_time(&r);
        if (record_query(&r, &q))
            for (uint32_t k = 0; q.peer.bytes && k < q.peer.len; k++)
                sum += ((const unsigned char *)q.peer.bytes)[k];
    }
    check(sum != SIZE_MAX, "the bytes were looked at");
    record_free(&r);
}

/* What the library puts in front of a name, in other words than its own. */
static const char *before_name(const struct policy_addr *a)
{
    static const char *const words[] = {"none", "auto", "unknown"};

    if (a->kind == POLICY_ADDR_ABSTRACT)
        return "@";
    for (unsigned i = 0; i < 3; i++)
        if (a->len == strlen(words[i]) && !memcmp(a->bytes, words[i], a->len))
            return "./";
    return *(const char *)a->bytes == '@' ? "./" : "";
}

static int is_name(const struct record *r, const char *key, const struct policy_addr *a)
{
    const struct field *f = record_field(r, key);
    const char *before = before_name(a);
    size_t skip = strlen(before);

    return f && !f->word && f->len == a->len + skip && !memcmp(f->value, before, skip) &&
           memcmp(f->value + skip, a->bytes, a->len) == 0;
}

static void check_line(const char *line, size_t len, const struct policy_query *q, const struct policy_addr *given)
{
    struct record r = {0};

    check(memchr(line, '\n', len) == line + len - 1, "a name has ended the line");
    check(record_read(&r, line, len), "its own record cannot be read");
    if (!is_name(&r, "addr", &q->local) || !is_name(&r, "peer_addr", &q->peer) || !is_name(&r, "given", given))
        fprintf(stderr, "%.*s", (int)len, line);
    check(is_name(&r, "addr", &q->local) && is_name(&r, "peer_addr", &q->peer) && is_name(&r, "given", given),
          "a name is another one");
    check(record_number(&r, "pid", 0) == 4711 && record_number(&r, "result", 0) == 17 && record_is(&r, "TRACE"),
          "a name has changed another key");
    check(r.count == RECORDS_LINE_KEYS, "there are keys more, or fewer");
    record_free(&r);
}

static void write_and_read(const uint8_t *data, size_t size)
{
    static char line[4096];
    size_t third = size / 3 < 108 ? size / 3 : 108;
    struct policy_addr given = {.kind = POLICY_ADDR_PATHNAME, .bytes = data, .len = (uint32_t)third};
    struct policy_query q = {.perm = POLICY_CONNECT, .family = AF_UNIX, .type = SOCK_STREAM, .protocol = 0,
                             .local = {.kind = POLICY_ADDR_ABSTRACT, .bytes = data + third, .len = (uint32_t)third},
                             .peer = {.kind = POLICY_ADDR_PATHNAME, .bytes = data + 2 * third, .len = (uint32_t)third}};

    for (int json = 0; json < 2; json++) {
        size_t len = records_line(json, &q, &given, line, sizeof line);

        check(len != 0, "three names do not fit a line");
        check_line(line, len, &q, &given);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_it_raw(data, size);
    if (size >= 3 && size < 400)
        write_and_read(data, size);
    return 0;
}
