/* Words for the numbers of setsockopt(2). */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "trace.h"

struct word {
    int number;
    const char *name;
};

#define WORD(x) {x, #x}
static const struct word levels[] = {WORD(SOL_SOCKET), WORD(IPPROTO_IP), WORD(IPPROTO_TCP), WORD(IPPROTO_UDP),
                                     WORD(IPPROTO_IPV6), WORD(IPPROTO_SCTP), {SOL_NETLINK, "SOL_NETLINK"}};

static const struct word of_sockets[] = {
    WORD(SO_DEBUG), WORD(SO_REUSEADDR), WORD(SO_TYPE), WORD(SO_ERROR), WORD(SO_DONTROUTE), WORD(SO_BROADCAST), WORD(SO_SNDBUF),
    WORD(SO_RCVBUF), WORD(SO_KEEPALIVE), WORD(SO_OOBINLINE), WORD(SO_PRIORITY), WORD(SO_LINGER), WORD(SO_REUSEPORT),
    WORD(SO_PASSCRED), WORD(SO_PEERCRED), WORD(SO_RCVLOWAT), WORD(SO_SNDLOWAT), WORD(SO_RCVTIMEO), WORD(SO_SNDTIMEO),
    WORD(SO_BINDTODEVICE), WORD(SO_ATTACH_FILTER), WORD(SO_TIMESTAMP), WORD(SO_ACCEPTCONN), WORD(SO_PEERSEC),
    WORD(SO_SNDBUFFORCE), WORD(SO_RCVBUFFORCE), WORD(SO_PASSSEC), WORD(SO_MARK), WORD(SO_PROTOCOL), WORD(SO_DOMAIN),
    WORD(SO_PEEK_OFF), WORD(SO_BUSY_POLL), WORD(SO_INCOMING_CPU), WORD(SO_COOKIE), WORD(SO_PEERGROUPS), WORD(SO_ZEROCOPY),
    {76, "SO_PASSPIDFD"}, {77, "SO_PEERPIDFD"},
};

static const struct word of_tcp[] = {WORD(TCP_NODELAY), WORD(TCP_MAXSEG), WORD(TCP_CORK), WORD(TCP_KEEPIDLE), WORD(TCP_KEEPINTVL),
                                     WORD(TCP_KEEPCNT), WORD(TCP_SYNCNT), WORD(TCP_DEFER_ACCEPT), WORD(TCP_INFO), WORD(TCP_QUICKACK),
                                     WORD(TCP_CONGESTION), WORD(TCP_USER_TIMEOUT), WORD(TCP_FASTOPEN)};

static const struct word of_ip[] = {WORD(IP_TOS), WORD(IP_TTL), WORD(IP_PKTINFO), WORD(IP_RECVERR), WORD(IP_MTU_DISCOVER),
                                    WORD(IP_BIND_ADDRESS_NO_PORT), WORD(IP_MULTICAST_IF), WORD(IP_MULTICAST_TTL),
                                    WORD(IP_MULTICAST_LOOP), WORD(IP_ADD_MEMBERSHIP)};

static const struct word of_ipv6[] = {WORD(IPV6_V6ONLY), WORD(IPV6_UNICAST_HOPS), WORD(IPV6_RECVPKTINFO), WORD(IPV6_TCLASS),
                                      WORD(IPV6_RECVERR), WORD(IPV6_MTU_DISCOVER)};
#undef WORD

static const char *find(const struct word *words, unsigned count, int number)
{
    for (unsigned i = 0; i < count; i++)
        if (words[i].number == number)
            return words[i].name;
    return NULL;
}

#define FIND(words, number) find(words, sizeof(words) / sizeof *(words), number)

const char *trace_level_name(int level)
{
    return FIND(levels, level);
}

const char *trace_option_name(int level, int option)
{
    switch (level) {
    case SOL_SOCKET:
        return FIND(of_sockets, option);
    case IPPROTO_TCP:
        return FIND(of_tcp, option);
    case IPPROTO_IP:
        return FIND(of_ip, option);
    case IPPROTO_IPV6:
        return FIND(of_ipv6, option);
    default:
        return NULL;
    }
}
