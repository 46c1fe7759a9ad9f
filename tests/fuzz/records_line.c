#include "tests/fuzz/records_line.h"

#include "shim/format.h"
#include "shim/quote.h"

size_t records_line(bool json, const struct policy_query *q, const struct policy_addr *given, char *line, size_t room)
{
    static char values_room[FORMAT_ROOM];
    static const char *const keys[2] = {"size", NULL};
    static const int64_t values[2] = {3, 0};
    struct record_call call = {.fd = 3, .result = 17, .duration = 5, .given = given, .keys = keys, .values = values};
    struct record r = {.what = "TRACE", .operation = "connect", .pid = 4711, .ppid = 1, .comm = "a \"b\"", .exe = "/bin/x",
                       .query = q, .call = &call, .profile = "-", .room = values_room, .longest = QUOTE_USUAL};
    struct text t = text_into(line, room);

    (json ? format_json : format_text)(&t, &r);
    return t.full ? 0 : text_len(&t);
}
