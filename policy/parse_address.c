/* Addresses and numbers: ip=, port=, uid= and fd=. libc's inet_pton() is not for the
 * inside of a stranger's process, and knows no prefixes. */
#include "parse.h"

#include <string.h>
#include <sys/socket.h>

/* Decimal number of at most `digits` digits and at most `max`; -1 otherwise. */
static long decimal(const char **at, const char *end, int digits, long max)
{
    long n = 0;
    int i = 0;

    for (; *at < end && **at >= '0' && **at <= '9'; ++*at)
        if (++i > digits || (n = n * 10 + (**at - '0')) > max)
            return -1;
    return i ? n : -1;
}

static bool read_v4(const char **at, const char *end, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        const char *start = *at;
        long n;

        if (i && (*at == end || *(*at)++ != '.'))
            return false;
        start = *at;
        n = decimal(at, end, 3, 255);
        if (n < 0 || (*start == '0' && *at - start > 1)) /* 010 is 8 to some, 10 to others */
            return false;
        out[i] = (uint8_t)n;
    }
    return true;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static int read_group(const char **at, const char *end)
{
    int n = 0, digits = 0;

    for (; *at < end && hex(**at) >= 0; ++*at) {
        if (++digits > 4)
            return -1;
        n = n << 4 | hex(**at);
    }
    return digits ? n : -1;
}

/* RFC 4291, 2.2: groups, one "::" at most, perhaps IPv4 at the end. */
static bool read_v6(const char **at, const char *end, uint8_t out[16])
{
    int n = 0, gap = -1;

    memset(out, 0, 16);
    if (*at + 1 < end && **at == ':' && (*at)[1] == ':') {
        *at += 2;
        gap = 0;
    }
    while (n < 16 && *at < end && *(*at) != '/') {
        const char *start = *at;
        int group = read_group(at, end);

        if (group >= 0 && *at < end && **at == '.' && n <= 12) {
            *at = start;
            if (!read_v4(at, end, out + n))
                return false;
            n += 4;
            break;
        }
        if (group < 0)
            return false;
        out[n++] = (uint8_t)(group >> 8);
        out[n++] = (uint8_t)group;
        if (*at == end || **at != ':' || n == 16)
            break;
        ++*at;
        if (*at < end && **at == ':') {
            if (gap >= 0)
                return false;
            gap = n;
            ++*at;
        } else if (*at == end || **at == '/') {
            return false;
        }
    }
    if (gap < 0)
        return n == 16;
    if (n == 16)
        return false;
    memmove(out + 16 - (n - gap), out + gap, (size_t)(n - gap));
    memset(out + gap, 0, (size_t)(16 - n));
    return true;
}

static bool is_mapped(const struct ip_prefix *ip)
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return ip->family == AF_INET6 && ip->bits >= 96 && memcmp(ip->bytes, prefix, 12) == 0;
}

/* IPv4 within IPv6 counts as IPv4 everywhere. */
static void unmap(struct ip_prefix *ip)
{
    ip->family = AF_INET;
    ip->bits = (uint8_t)(ip->bits - 96);
    memmove(ip->bytes, ip->bytes + 12, 4);
    memset(ip->bytes + 4, 0, 12);
}

/* Clears what stands after the prefix; true if something did. */
static bool clear_host(struct ip_prefix *ip)
{
    unsigned max = ip->family == AF_INET ? 32 : 128;
    bool any = false;

    for (unsigned bit = ip->bits; bit < max; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);

        any |= (ip->bytes[bit / 8] & mask) != 0;
        ip->bytes[bit / 8] &= (uint8_t)~mask;
    }
    return any;
}

static bool read_ip(struct span value, struct ip_prefix *ip)
{
    const char *at = value.at, *end = at + value.len;
    bool v6 = memchr(value.at, ':', value.len) != NULL;
    long bits;

    ip->family = v6 ? AF_INET6 : AF_INET;
    if (v6 ? !read_v6(&at, end, ip->bytes) : !read_v4(&at, end, ip->bytes))
        return false;
    bits = v6 ? 128 : 32;
    if (at < end && *at == '/') {
        at++;
        bits = decimal(&at, end, 3, bits);
    }
    ip->bits = (uint8_t)bits;
    return bits >= 0 && at == end;
}

bool parse_ip(struct parser *p, struct span value, struct addr_cond *cond)
{
    struct ip_prefix ip = {0};

    if (span_is(value, "none")) {
        cond->match = ADDR_NONE;
        return true;
    }
    if (!value.len || !read_ip(value, &ip))
        return say_error(p, value, "as in ip=127.0.0.1, ip=10.0.0.0/8 or ip=::1",
                         "'%w' is not an IP address or prefix", &value);
    if (is_mapped(&ip))
        unmap(&ip);
    if (clear_host(&ip))
        say_warning(p, value, NULL, "bits after the prefix of '%w' are ignored", &value);
    cond->match = ADDR_INET;
    cond->ip = ip;
    return true;
}

/* N or N-M. */
static bool read_range(struct span value, int digits, long max, long range[2])
{
    const char *at = value.at, *end = at + value.len;

    range[0] = range[1] = decimal(&at, end, digits, max);
    if (range[0] >= 0 && at < end && *at == '-') {
        at++;
        range[1] = decimal(&at, end, digits, max);
    }
    return range[0] >= 0 && range[1] >= 0 && at == end;
}

static bool check_range(struct parser *p, struct span value, const long range[2])
{
    if (range[0] > range[1])
        return say_error(p, value, NULL, "the range '%w' ends before it begins", &value);
    return true;
}

bool parse_port(struct parser *p, struct span value, struct addr_cond *cond)
{
    long port[2];

    if (!read_range(value, 5, UINT16_MAX, port))
        return say_error(p, value, "as in port=80 or port=5432-5440", "'%w' is not a port or a range of ports",
                         &value);
    cond->match = ADDR_INET;
    cond->port = (struct port_range){.low = (uint16_t)port[0], .high = (uint16_t)port[1]};
    return check_range(p, value, port);
}

bool parse_fd(struct parser *p, struct span value, struct rule *r)
{
    long fd[2];

    if (!read_range(value, 10, INT32_MAX, fd))
        return say_error(p, value, "as in fd=3 or fd=3-1023", "'%w' is not a descriptor or a range of them", &value);
    r->fd_given = r->names_inherit = true;
    r->fd_low = (uint32_t)fd[0];
    r->fd_high = (uint32_t)fd[1];
    return check_range(p, value, fd);
}

/* UINT32_MAX is nobody: the kernel's way to say that there is no uid. */
bool parse_uid(struct parser *p, struct span value, struct rule *r)
{
    struct name plain = {.text = value.at, .len = value.len};
    const struct name *n = has_variable(value) ? expand(p, value) : &plain;
    const char *at, *end;
    long uid;

    if (!n)
        return false;
    at = n->text;
    end = at + n->len;
    uid = decimal(&at, end, 10, UINT32_MAX - 1l);
    if (n->next)
        return say_error(p, value, "write a rule for each", "'%w' has several values; uid= takes one", &value);
    if (uid < 0 || at != end)
        return say_error(p, value, "as in uid=0 or uid=@{uid}", "'%w' is not the number of a user", &value);
    r->uid_given = true;
    r->uid = (uint32_t)uid;
    return true;
}
