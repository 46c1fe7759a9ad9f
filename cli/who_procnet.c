/* Unix sockets by /proc/net/unix, where the kernel has no unix_diag: names, types
 * and inodes, but no peers. A name with a newline in it can forge a line there,
 * which is why this is not asked first. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "who.h"

/* From include/uapi/linux/net.h: states of sockets, not of protocols. */
enum { SS_UNCONNECTED = 1, SS_CONNECTED = 3, ACCEPTS = 1 << 16 };

static int state_of(unsigned flags, unsigned state)
{
    if (flags & ACCEPTS)
        return STATE_LISTEN;
    return state == SS_CONNECTED ? STATE_ESTAB : state == SS_UNCONNECTED ? STATE_UNCONN : STATE_UNKNOWN;
}

/* NUL bytes of abstract names are shown as '@' there; only the first is surely one. */
static struct name take_name(const char *text, size_t len)
{
    struct name n = {NAME_NONE, NULL, 0};

    if (!len)
        return n;
    n.kind = *text == '@' ? NAME_ABSTRACT : NAME_PATHNAME;
    n.len = len - (n.kind == NAME_ABSTRACT);
    n.bytes = memcpy(allocate(n.len + 1), text + (n.kind == NAME_ABSTRACT), n.len);
    return n;
}

static void take_line(struct world *w, const char *line, size_t len)
{
    unsigned flags, type, state;
    uint32_t ino;
    int at = 0;

    if (sscanf(line, "%*x: %*x %*x %x %x %x %" SCNu32 "%n", &flags, &type, &state, &ino, &at) != 4 || !at || !ino)
        return;
    struct sock *s = world_add(w, ino);
    s->family = AF_UNIX;
    s->type = (int)type;
    s->state = state_of(flags, state);
    if ((size_t)at + 1 < len)
        s->name = take_name(line + at + 1, len - (size_t)at - 1);
}

int procnet_unix(struct world *w)
{
    size_t len;
    char *text = read_whole(AT_FDCWD, "/proc/net/unix", &len), *end;

    if (!text)
        return -errno;
    for (char *line = text; (end = memchr(line, '\n', len - (size_t)(line - text))); line = end + 1) {
        *end = '\0';
        take_line(w, line, (size_t)(end - line));
    }
    free(text);
    return 0;
}
