/* Records as JSON lines: the keys, their order and their forms are the library's. */
#include <ctype.h>
#include <string.h>

#include "trace.h"

static bool is_number(const struct field *f)
{
    size_t sign = f->len && *f->value == '-';

    return f->word && f->len > sign && f->len < 20 && strspn(f->value + sign, "0123456789") == f->len - sign &&
           (f->value[sign] != '0' || f->len == sign + 1);
}

static bool is_list(const char *key)
{
    return !strcmp(key, "rules");
}

/* Elements stand on lines of their own, or in text between commas. */
static void put_list(struct ink *t, const struct field *f)
{
    char end = memchr(f->value, '\n', f->len) ? '\n' : ',';
    size_t len;

    ink_put(t, "[");
    for (size_t at = 0; at < f->len; at += len + 1) {
        const char *next = memchr(f->value + at, end, f->len - at);

        len = next ? (size_t)(next - f->value) - at : f->len - at;
        ink_put(t, at ? "," : "");
        ink_json(t, f->value + at, len);
    }
    ink_put(t, "]");
}

/* Of abstract names the bytes alone, without the '@' that they are written with. */
static void put_hex(struct ink *t, const struct field *f)
{
    bool addr = !strcmp(f->key, "addr") || !strcmp(f->key, "peer_addr") || !strcmp(f->key, "given") || !strcmp(f->key, "bound");

    ink_put(t, ",\"%s_hex\":\"", f->key);
    for (size_t i = addr && f->len && *f->value == '@'; i < f->len; i++)
        ink_put(t, "%02x", (unsigned char)f->value[i]);
    ink_put(t, "\"");
}

static void put_value(struct ink *t, const struct field *f)
{
    if (is_number(f))
        ink_raw(t, f->value, f->len);
    else if (is_list(f->key))
        put_list(t, f);
    else if (!ink_json(t, f->value, f->len))
        put_hex(t, f);
}

static bool is_hex_of_another(const char *key)
{
    size_t len = strlen(key);

    return len > 4 && !strcmp(key + len - 4, "_hex");
}

void trace_json(struct ink *t, const struct record *r)
{
    const char *comma = "";

    ink_put(t, "{");
    for (unsigned i = 0; i < r->count; i++) {
        if (is_hex_of_another(r->fields[i].key))
            continue;
        ink_put(t, "%s\"%s\":", comma, r->fields[i].key);
        put_value(t, &r->fields[i]);
        comma = ",";
    }
    ink_put(t, "}\n");
}
