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

/* Indexed by AF_x. */
static const char family_names[][12] = {
    "unspec", "unix", "inet", "ax25", "ipx", "appletalk", "netrom", "bridge", "atmpvc", "x25", "inet6",
    "rose", "decnet", "netbeui", "security", "key", "netlink", "packet", "ash", "econet", "atmsvc",
    "rds", "sna", "irda", "pppox", "wanpipe", "llc", "ib", "mpls", "can", "tipc", "bluetooth", "iucv",
    "rxrpc", "isdn", "phonet", "ieee802154", "caif", "alg", "nfc", "vsock", "kcm", "qipcrtr", "smc",
    "xdp", "mctp",
};

/* Indexed by SOCK_x. */
static const char type_names[][12] = {
    "none", "stream", "dgram", "raw", "rdm", "seqpacket", "dccp", "", "", "", "packet",
};

/* Linux's numbers on x86-64 and aarch64. */
static const char errno_names[][16] = {
    [1] = "EPERM", [2] = "ENOENT", [3] = "ESRCH", [4] = "EINTR", [5] = "EIO", [6] = "ENXIO",
    [7] = "E2BIG", [8] = "ENOEXEC", [9] = "EBADF", [10] = "ECHILD", [11] = "EAGAIN", [12] = "ENOMEM",
    [13] = "EACCES", [14] = "EFAULT", [15] = "ENOTBLK", [16] = "EBUSY", [17] = "EEXIST",
    [18] = "EXDEV", [19] = "ENODEV", [20] = "ENOTDIR", [21] = "EISDIR", [22] = "EINVAL",
    [23] = "ENFILE", [24] = "EMFILE", [25] = "ENOTTY", [26] = "ETXTBSY", [27] = "EFBIG",
    [28] = "ENOSPC", [29] = "ESPIPE", [30] = "EROFS", [31] = "EMLINK", [32] = "EPIPE", [33] = "EDOM",
    [34] = "ERANGE", [35] = "EDEADLK", [36] = "ENAMETOOLONG", [37] = "ENOLCK", [38] = "ENOSYS",
    [39] = "ENOTEMPTY", [40] = "ELOOP", [42] = "ENOMSG", [43] = "EIDRM", [44] = "ECHRNG",
    [45] = "EL2NSYNC", [46] = "EL3HLT", [47] = "EL3RST", [48] = "ELNRNG", [49] = "EUNATCH",
    [50] = "ENOCSI", [51] = "EL2HLT", [52] = "EBADE", [53] = "EBADR", [54] = "EXFULL", [55] = "ENOANO",
    [56] = "EBADRQC", [57] = "EBADSLT", [59] = "EBFONT", [60] = "ENOSTR", [61] = "ENODATA",
    [62] = "ETIME", [63] = "ENOSR", [64] = "ENONET", [65] = "ENOPKG", [66] = "EREMOTE",
    [67] = "ENOLINK", [68] = "EADV", [69] = "ESRMNT", [70] = "ECOMM", [71] = "EPROTO",
    [72] = "EMULTIHOP", [73] = "EDOTDOT", [74] = "EBADMSG", [75] = "EOVERFLOW", [76] = "ENOTUNIQ",
    [77] = "EBADFD", [78] = "EREMCHG", [79] = "ELIBACC", [80] = "ELIBBAD", [81] = "ELIBSCN",
    [82] = "ELIBMAX", [83] = "ELIBEXEC", [84] = "EILSEQ", [85] = "ERESTART", [86] = "ESTRPIPE",
    [87] = "EUSERS", [88] = "ENOTSOCK", [89] = "EDESTADDRREQ", [90] = "EMSGSIZE", [91] = "EPROTOTYPE",
    [92] = "ENOPROTOOPT", [93] = "EPROTONOSUPPORT", [94] = "ESOCKTNOSUPPORT", [95] = "EOPNOTSUPP",
    [96] = "EPFNOSUPPORT", [97] = "EAFNOSUPPORT", [98] = "EADDRINUSE", [99] = "EADDRNOTAVAIL",
    [100] = "ENETDOWN", [101] = "ENETUNREACH", [102] = "ENETRESET", [103] = "ECONNABORTED",
    [104] = "ECONNRESET", [105] = "ENOBUFS", [106] = "EISCONN", [107] = "ENOTCONN",
    [108] = "ESHUTDOWN", [109] = "ETOOMANYREFS", [110] = "ETIMEDOUT", [111] = "ECONNREFUSED",
    [112] = "EHOSTDOWN", [113] = "EHOSTUNREACH", [114] = "EALREADY", [115] = "EINPROGRESS",
    [116] = "ESTALE", [117] = "EUCLEAN", [118] = "ENOTNAM", [119] = "ENAVAIL", [120] = "EISNAM",
    [121] = "EREMOTEIO", [122] = "EDQUOT", [123] = "ENOMEDIUM", [124] = "EMEDIUMTYPE",
    [125] = "ECANCELED", [126] = "ENOKEY", [127] = "EKEYEXPIRED", [128] = "EKEYREVOKED",
    [129] = "EKEYREJECTED", [130] = "EOWNERDEAD", [131] = "ENOTRECOVERABLE", [132] = "ERFKILL",
    [133] = "EHWPOISON",
};

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
    return family >= 0 && (size_t)family < COUNT(family_names) ? family_names[family] : NULL;
}

const char *policy_type_name(int type)
{
    return type > 0 && (size_t)type < COUNT(type_names) && type_names[type][0] ? type_names[type] : NULL;
}

const char *policy_errno_name(int err)
{
    return err > 0 && (size_t)err < COUNT(errno_names) && errno_names[err][0] ? errno_names[err] : NULL;
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
    return ROW(family_names, word, len);
}

int policy_type_word(const char *word, size_t len)
{
    return ROW(type_names, word, len);
}

int policy_errno_word(const char *word, size_t len)
{
    int n = number(word, len, 4095);

    if (n < 0)
        n = ROW(errno_names, word, len);
    if (n < 0 && same("EWOULDBLOCK", word, len))
        return 11; /* EAGAIN */
    if (n < 0 && same("ENOTSUP", word, len))
        return 95; /* EOPNOTSUPP */
    if (n < 0 && same("EDEADLOCK", word, len))
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
