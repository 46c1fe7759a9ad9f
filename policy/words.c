/* The language's words and their numbers.
 *
 * The tables hold their text in place, not pointers to it: a preloaded library
 * pays for each pointer with a relocation at every exec. */
#include "policy.h"

#include <string.h>

static const char perm_names[POLICY_PERM_COUNT][12] = {
    "create", "bind", "listen", "accept", "connect", "send", "receive",
    "getattr", "setattr", "getopt", "setopt", "shutdown", "autobind", "inherit",
};

/* AF_x, each with its NUL. */
static const char family_names[] =
    "unspec\0unix\0inet\0ax25\0ipx\0appletalk\0netrom\0bridge\0atmpvc\0x25\0inet6\0rose\0decnet\0"
    "netbeui\0security\0key\0netlink\0packet\0ash\0econet\0atmsvc\0rds\0sna\0irda\0pppox\0"
    "wanpipe\0llc\0ib\0mpls\0can\0tipc\0bluetooth\0iucv\0rxrpc\0isdn\0phonet\0ieee802154\0caif\0"
    "alg\0nfc\0vsock\0kcm\0qipcrtr\0smc\0xdp\0mctp";

/* Indexed by SOCK_x. */
static const char type_names[][12] = {
    "none", "stream", "dgram", "raw", "rdm", "seqpacket", "dccp", "", "", "", "packet",
};

/* Linux's numbers on x86-64 and aarch64; empty where there is no such error. */
static const char errno_names[] =
    /*   1 */ "EPERM\0ENOENT\0ESRCH\0EINTR\0EIO\0"
    /*   6 */ "ENXIO\0E2BIG\0ENOEXEC\0EBADF\0ECHILD\0"
    /*  11 */ "EAGAIN\0ENOMEM\0EACCES\0EFAULT\0ENOTBLK\0"
    /*  16 */ "EBUSY\0EEXIST\0EXDEV\0ENODEV\0ENOTDIR\0"
    /*  21 */ "EISDIR\0EINVAL\0ENFILE\0EMFILE\0ENOTTY\0"
    /*  26 */ "ETXTBSY\0EFBIG\0ENOSPC\0ESPIPE\0EROFS\0"
    /*  31 */ "EMLINK\0EPIPE\0EDOM\0ERANGE\0EDEADLK\0"
    /*  36 */ "ENAMETOOLONG\0ENOLCK\0ENOSYS\0ENOTEMPTY\0ELOOP\0"
    /*  41 */ "\0ENOMSG\0EIDRM\0ECHRNG\0EL2NSYNC\0"
    /*  46 */ "EL3HLT\0EL3RST\0ELNRNG\0EUNATCH\0ENOCSI\0"
    /*  51 */ "EL2HLT\0EBADE\0EBADR\0EXFULL\0ENOANO\0"
    /*  56 */ "EBADRQC\0EBADSLT\0\0EBFONT\0ENOSTR\0"
    /*  61 */ "ENODATA\0ETIME\0ENOSR\0ENONET\0ENOPKG\0"
    /*  66 */ "EREMOTE\0ENOLINK\0EADV\0ESRMNT\0ECOMM\0"
    /*  71 */ "EPROTO\0EMULTIHOP\0EDOTDOT\0EBADMSG\0EOVERFLOW\0"
    /*  76 */ "ENOTUNIQ\0EBADFD\0EREMCHG\0ELIBACC\0ELIBBAD\0"
    /*  81 */ "ELIBSCN\0ELIBMAX\0ELIBEXEC\0EILSEQ\0ERESTART\0"
    /*  86 */ "ESTRPIPE\0EUSERS\0ENOTSOCK\0EDESTADDRREQ\0EMSGSIZE\0"
    /*  91 */ "EPROTOTYPE\0ENOPROTOOPT\0EPROTONOSUPPORT\0ESOCKTNOSUPPORT\0EOPNOTSUPP\0"
    /*  96 */ "EPFNOSUPPORT\0EAFNOSUPPORT\0EADDRINUSE\0EADDRNOTAVAIL\0ENETDOWN\0"
    /* 101 */ "ENETUNREACH\0ENETRESET\0ECONNABORTED\0ECONNRESET\0ENOBUFS\0"
    /* 106 */ "EISCONN\0ENOTCONN\0ESHUTDOWN\0ETOOMANYREFS\0ETIMEDOUT\0"
    /* 111 */ "ECONNREFUSED\0EHOSTDOWN\0EHOSTUNREACH\0EALREADY\0EINPROGRESS\0"
    /* 116 */ "ESTALE\0EUCLEAN\0ENOTNAM\0ENAVAIL\0EISNAM\0"
    /* 121 */ "EREMOTEIO\0EDQUOT\0ENOMEDIUM\0EMEDIUMTYPE\0ECANCELED\0"
    /* 126 */ "ENOKEY\0EKEYEXPIRED\0EKEYREVOKED\0EKEYREJECTED\0EOWNERDEAD\0"
    /* 131 */ "ENOTRECOVERABLE\0ERFKILL\0EHWPOISON";

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool same(const char *name, const char *word, size_t len)
{
    return len && *name == *word && strlen(name) == len && memcmp(name, word, len) == 0;
}

/* As long as the row's name: no table has a name that fills its row. */
static bool fills(const char *name, size_t size, size_t len)
{
    return len < size && name[len - 1] && !name[len];
}

/* Row of a table whose rows are `size` bytes; -1 when the word is in none. */
static int row(const char *table, size_t count, size_t size, const char *word, size_t len)
{
    for (size_t i = 0; len && i < count; i++, table += size)
        if (*table == *word && fills(table, size, len) && memcmp(table, word, len) == 0)
            return (int)i;
    return -1;
}
/* From the whole table: of a pointer into its first row gcc -O2 concludes that the
 * string ends there. */
#define ROW(table, word, len) row((const char *)(table), COUNT(table), sizeof *(table), word, len)

/* The n-th word of a list, from 0; NULL after its end. */
static const char *nth(const char *list, size_t size, int n)
{
    const char *end = list + size;

    for (; n > 0 && list < end; n--)
        list += strlen(list) + 1;
    return list < end ? list : NULL;
}

/* Which one `word` is; -1: none. */
static int find(const char *list, size_t size, const char *word, size_t len)
{
    int n = 0;

    for (const char *at = list; at < list + size; at += strlen(at) + 1, n++)
        if (same(at, word, len))
            return n;
    return -1;
}

/* Decimal, at most `max`; -1 if anything else. */
static int number(const char *word, size_t len, int max)
{
    int n = 0;

    if (len == 0 || len > 6)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (word[i] < '0' || word[i] > '9')
            return -1;
        n = n * 10 + (word[i] - '0');
    }
    return n <= max ? n : -1;
}

const char *policy_perm_name(uint32_t one_bit)
{
    for (unsigned i = 0; i < POLICY_PERM_COUNT; i++)
        if (one_bit == 1u << i)
            return perm_names[i];
    return NULL;
}

const char *policy_family_name(int family)
{
    return family >= 0 ? nth(family_names, sizeof family_names, family) : NULL;
}

const char *policy_type_name(int type)
{
    return type > 0 && (size_t)type < COUNT(type_names) && type_names[type][0] ? type_names[type] : NULL;
}

const char *policy_errno_name(int err)
{
    const char *name = err > 0 ? nth(errno_names, sizeof errno_names, err - 1) : NULL;

    return name && *name ? name : NULL;
}

/* AppArmor's letters, in any number and order. */
static int32_t letters(const char *word, size_t len)
{
    int32_t set = 0;

    for (size_t i = 0; i < len; i++) {
        if (word[i] == 'r' || word[i] == 'R')
            set |= POLICY_RECEIVE;
        else if (word[i] == 'w' || word[i] == 'W')
            set |= POLICY_SEND;
        else
            return -1;
    }
    return len ? set : -1;
}

int32_t policy_perm_word(const char *word, size_t len)
{
    int bit = ROW(perm_names, word, len);

    if (bit >= 0)
        return 1 << bit;
    if (same("read", word, len))
        return POLICY_RECEIVE;
    if (same("write", word, len))
        return POLICY_SEND;
    return letters(word, len);
}

int policy_family_word(const char *word, size_t len)
{
    return find(family_names, sizeof family_names, word, len);
}

int policy_type_word(const char *word, size_t len)
{
    return ROW(type_names, word, len);
}

int policy_errno_word(const char *word, size_t len)
{
    int n = number(word, len, 4095);

    if (n < 0)
        n = 1 + find(errno_names, sizeof errno_names, word, len); /* 0: none of them */
    if (!n && same("EWOULDBLOCK", word, len))
        return 11; /* EAGAIN */
    if (!n && same("ENOTSUP", word, len))
        return 95; /* EOPNOTSUPP */
    if (!n && same("EDEADLOCK", word, len))
        return 35; /* EDEADLK */
    return n > 0 ? n : -1;
}

int policy_protocol_word(const char *word, size_t len)
{
    static const struct {
        char name[8];
        int number;
    } known[] = {
        {"ip", 0},    {"icmp", 1},   {"tcp", 6},      {"udp", 17},    {"dccp", 33},
        {"icmpv6", 58}, {"sctp", 132}, {"udplite", 136}, {"raw", 255}, {"mptcp", 262},
    };

    for (size_t i = 0; i < COUNT(known); i++)
        if (same(known[i].name, word, len))
            return known[i].number;
    return number(word, len, 65535);
}
