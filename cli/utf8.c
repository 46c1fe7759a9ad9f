#include "utf8.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

size_t utf8_next(const unsigned char *at, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = !len ? 0 : *at < 0x80 ? 1 : *at < 0xc0 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf8 ? 4 : 0;

    if (!n || n > len)
        return 0;
    *code = n == 1 ? *at : *at & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (at[i] & 0x3f);
    }
    return *code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : n;
}

static bool speaks_utf8(void)
{
    static int known = -1;

    if (known < 0)
        known = setlocale(LC_CTYPE, "") && !strcmp(nl_langinfo(CODESET), "UTF-8");
    return known;
}

bool utf8_misleads(uint32_t code)
{
    return (code >= 0x7f && code < 0xa1) || code < ' ' || code == 0xad || code == 0x61c || (code >= 0x2000 && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202f) || (code >= 0x205f && code <= 0x206f) || code == 0x3000 ||
           code == 0xfeff || (code >= 0xfff0 && code <= 0xffff) || code >= 0xe0000;
}

size_t utf8_shown(const unsigned char *at, size_t len)
{
    uint32_t code;

    if (*at < 0x80)
        return *at >= ' ' && *at < 0x7f;
    size_t n = speaks_utf8() ? utf8_next(at, len, &code) : 0;
    return n && !utf8_misleads(code) ? n : 0;
}
