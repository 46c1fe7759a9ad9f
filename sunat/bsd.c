/* FreeBSD's calls, with the order of its checks: the address's memory, the socket, the family, the length, the path
 * (getsockaddr, uipc_bindat and unp_connectat in its kernel). */
#include <stdint.h>
#include <string.h>

#include "at.h"
#include "shim/cleanup.h"
#include "shim/scratch.h"
#include "shim/sys.h"

/* Bytes of the address that can matter. */
static size_t read_length(socklen_t addrlen)
{
    return addrlen < AT_HEAD + AT_PATH_BYTES ? addrlen : AT_HEAD + AT_PATH_BYTES;
}

/* 0 or -errno. */
static int check(int s, const struct sockaddr *addr, socklen_t addrlen)
{
    sa_family_t family;

    if (addrlen < AT_HEAD || addrlen > INT32_MAX)
        return -EINVAL;
    if (!at_readable(addr, read_length(addrlen)))
        return -EFAULT;
    int err = at_is_unix(s);
    if (err)
        return err == -EAFNOSUPPORT ? -EOPNOTSUPP : err;
    memcpy(&family, addr, sizeof family);
    if (family != AF_UNIX)
        return -EAFNOSUPPORT;
    return addrlen == AT_HEAD ? -EINVAL : 0;
}

/* What listens does not connect. */
static bool listens(int s)
{
    int on;

    return sys_getsockopt_int(s, SO_ACCEPTCONN, &on) == 0 && on;
}

/* Linux has names that are no paths. */
static bool is_abstract(const char *name, size_t len)
{
    size_t at = 0;

    while (at < len && !name[at])
        at++;
    return at > 0 && at < len;
}

/* The path, terminated: in the address, or in *room where it is not. NULL: no memory. */
static const char *path_of(const char *name, size_t len, char **room)
{
    if (memchr(name, '\0', len))
        return name;
    if (!(*room = scratch_take()))
        return NULL;
    memcpy(*room, name, len);
    (*room)[len] = '\0';
    return *room;
}

SUNAT_PUBLIC int bindat(int fd, int s, const struct sockaddr *addr, socklen_t addrlen)
{
    const char *name = (const char *)addr + AT_HEAD, *path;
    int before = errno, err, ret = -1;
    char *room = NULL;

    if (fd == AT_FDCWD)
        return bind(s, addr, addrlen);
    if ((err = check(s, addr, addrlen)) < 0)
        return (int)at_result(err, before);
    if (is_abstract(name, read_length(addrlen) - AT_HEAD))
        return bind(s, addr, addrlen);
    if (!*name)
        return (int)at_result(-EISDIR, before);
    if (!(path = path_of(name, read_length(addrlen) - AT_HEAD, &room)))
        return (int)at_result(-ENOMEM, before);
    ret = sunat_bind(fd, s, path, 0);
    scratch_give(room);
    return ret;
}

static void give(void *room)
{
    scratch_give(room);
}

SUNAT_PUBLIC int connectat(int fd, int s, const struct sockaddr *addr, socklen_t addrlen)
{
    const char *name = (const char *)addr + AT_HEAD, *path;
    int before = errno, err, ret;
    char *room = NULL;

    if (fd == AT_FDCWD)
        return connect(s, addr, addrlen);
    if ((err = check(s, addr, addrlen)) < 0 || (err = listens(s) ? -EOPNOTSUPP : 0) < 0)
        return (int)at_result(err, before);
    if (is_abstract(name, read_length(addrlen) - AT_HEAD))
        return connect(s, addr, addrlen);
    if (!(path = path_of(name, read_length(addrlen) - AT_HEAD, &room)))
        return (int)at_result(-ENOMEM, before);
    CLEANUP_PUSH(give, room);
    ret = sunat_connect(fd, s, path, 0);
    CLEANUP_POP();
    return ret;
}
