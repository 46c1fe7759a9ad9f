/* One flat object. The parser is jansson (third_party/). */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "records_in.h"

/* Where the values go. */
struct room {
    char *at, *end;
};

static bool put(struct room *room, const void *bytes, size_t len)
{
    if ((size_t)(room->end - room->at) <= len)
        return false;
    memcpy(room->at, bytes, len);
    room->at += len;
    *room->at = '\0';
    return true;
}

static bool put_value(struct room *room, const json_t *value)
{
    char number[40] = "";

    if (json_is_string(value))
        return put(room, json_string_value(value), json_string_length(value));
    if (json_is_integer(value))
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, sizeof number, "%.17g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(number, sizeof number, "%s", json_is_true(value) ? "true" : "false");
    return put(room, number, strlen(number)); /* nothing is said of null and of objects within */
}

static bool put_array(struct room *room, const json_t *array)
{
    size_t i;
    const json_t *value;

    json_array_foreach(array, i, value)
        if ((i && !put(room, "\n", 1)) || !put_value(room, value))
            return false;
    return put(room, "", 0);
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 32) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* False: `text` is no pairs of digits. */
static bool put_hex(struct room *room, const char *text)
{
    for (; *text; text += 2) {
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        char byte = (char)(16 * high + low);

        if (low < 0 || !put(room, &byte, 1))
            return false;
    }
    return put(room, "", 0);
}

static bool is_address(const char *key)
{
    return !strcmp(key, "addr") || !strcmp(key, "peer_addr");
}

/* That NAME_hex lacks the '@' of an abstract name: so it does but for paths, and a name that
 * was cut short is one. */
static bool lacks_at(const json_t *object, const char *key, const char *text)
{
    return *text == '@' && ((is_address(key) && !json_object_get(object, "limit")) || !strcmp(key, "given") ||
                            !strcmp(key, "bound"));
}

/* The bytes of KEY's value stand under KEY_hex where they are no UTF-8. */
static bool put_exact(struct room *room, const json_t *object, const char *key, const json_t *value)
{
    char hex_key[64];
    const char *hex;
    char *start = room->at;

    if (!json_is_string(value) || snprintf(hex_key, sizeof hex_key, "%s_hex", key) >= (int)sizeof hex_key ||
        !(hex = json_string_value(json_object_get(object, hex_key))))
        return false;
    if (lacks_at(object, key, json_string_value(value)) && !put(room, "@", 1))
        return false;
    if (put_hex(room, hex))
        return true;
    room->at = start;
    return false;
}

static bool is_said_twice(const json_t *object, const char *key)
{
    size_t len = strlen(key);
    char plain[64];

    if (len < 5 || len >= sizeof plain || strcmp(key + len - 4, "_hex") != 0)
        return false;
    memcpy(plain, key, len - 4);
    plain[len - 4] = '\0';
    return json_is_string(json_object_get(object, plain));
}

static bool is_text(const json_t *value, const char *text)
{
    return json_string_length(value) == strlen(text) && !strcmp(json_string_value(value), text);
}

/* What stands without quotes in text. */
static bool is_word(const char *key, const json_t *value)
{
    if (!json_is_string(value))
        return !json_is_array(value);
    return ((is_address(key) || !strcmp(key, "given")) && (is_text(value, "none") || is_text(value, "auto"))) ||
           (!strcmp(key, "rule") && is_text(value, "none"));
}

static bool take(struct record *r, struct room *room, const json_t *object, const char *key, const json_t *value)
{
    const char *own_key = room->at, *start;

    if (json_is_null(value) || json_is_object(value) || is_said_twice(object, key))
        return true;
    if (!put(room, key, strlen(key)))
        return false;
    start = ++room->at;
    if (!put_exact(room, object, key, value) && !(json_is_array(value) ? put_array : put_value)(room, value))
        return false;
    return record_add(r, own_key, start, (size_t)(room->at++ - start), is_word(key, value));
}

bool record_from_json(struct record *r, const char *line, size_t len, char *spare, size_t spare_size)
{
    json_t *object = json_loadb(line, len, JSON_ALLOW_NUL, NULL), *value;
    struct room room = {spare, spare + spare_size - 1};
    bool good = json_is_object(object);
    const char *key;

    if (good)
        json_object_foreach(object, key, value)
            if (!(good = take(r, &room, object, key, value)))
                break;
    json_decref(object);
    return good && r->count > 0;
}
