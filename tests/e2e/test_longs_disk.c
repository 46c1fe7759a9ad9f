/* Overlong names where the file system refuses: full, read-only, of several kinds. What a short name is
 * told natively a long one is told, and nothing is left. */

#include "harness.h"

/* In a mount namespace of its own, `on KIND` mounts a file system with few inodes at $M, with a long directory
 * $L in it; `off` unmounts it. `try STATE` binds there: natively by a short name, and by long ones in all ways, and
 * prints where they differ. */
#define MOUNTS \
    "M=$T/m; D=$(seq -s d 50); L=$M/$D; S=$(printf '%0200d' 0); mkdir -p $M\n" \
    "on() { case $1 in\n" \
    "    tmpfs) mount -t tmpfs -o nr_inodes=24,size=64k none $M;;\n" \
    "    ext4) truncate -s 1M img; mkfs.ext4 -qF -N 24 img; mount -o loop img $M;;\n" \
    "    overlay) mkdir -p up; mount -t tmpfs -o nr_inodes=24,size=64k none up; mkdir up/l up/u up/w; " \
    "mount -t overlay -o lowerdir=up/l,upperdir=up/u,workdir=up/w none $M;;\n" \
    "    esac; mkdir -m 777 $L; }\n" \
    "off() { umount $M; ! mountpoint -q up || umount up; }\n" \
    "said() { tail -n 1 | grep -o -- '-> .*' | sed 's/ .*\\(E[A-Z]*\\).*/ \\1/'; }\n" \
    "try() {\n" \
    "    want=$(\"$N/sk\" \"chdir $L\" 'socket unix dgram' 'bind rel:s' | said) || :; rm -f $L/s; echo \"$1 $want\"\n" \
    "    ls -A $L >before\n" \
    "    for how in \"env LD_PRELOAD=$LIB\" \"$SUNSHIM run\"; do\n" \
    "        for bind in \"bind $L/s\" \"bind rel:$S\" \"bind rel:././$S\"; do\n" \
    "            got=$($how \"$N/sk\" \"chdir $L\" 'socket unix dgram' \"$bind\" | said) || :\n" \
    "            [ \"$got\" = \"$want\" ] || echo \"$1: $how: $bind: $got\"\n" \
    "            rm -f $L/s $L/$S; ls -A $L >after; diff before after\n" \
    "        done\n" \
    "    done; }\n" \
    "full() { i=0; while touch $L/f$i 2>/dev/null; do i=$((i + 1)); done; }\n" \
    "fat() { cat /dev/zero >$L/fat 2>/dev/null || :; }\n"

static struct run mounted(const char *script)
{
    need_root();
    put("script", text("cd $T\n%s%s", MOUNTS, script));
    struct run r = run("unshare -m --propagation private sh -eu script");
    check_status(r, 0);
    return r;
}

static void check_kind(const char *kind)
{
    struct run r = mounted(text("on %s; try free; fat; try fat; rm $L/fat; full; try full; mount -o remount,ro $M; try read-only; off", kind));

    check_out(r, "free -> 0\nfat -> 0\nfull -> ENOSPC\nread-only -> EROFS\n");
}

StockTest(longs_disk, tmpfs)
{
    check_kind("tmpfs");
}

StockTest(longs_disk, ext4)
{
    check_kind("ext4");
}

StockTest(longs_disk, overlay)
{
    check_kind("overlay");
}

/* Room for one file: a long last component wants another for a moment. It gets its name or an error, whole. */
StockTest(longs_disk, room_for_one)
{
    struct run r = mounted("for kind in tmpfs ext4 overlay; do on $kind; full; rm $L/f0; ls -A $L >before\n"
                           "    for how in \"env LD_PRELOAD=$LIB\" \"$SUNSHIM run\"; do\n"
                           "        $how \"$N/sk\" \"chdir $L\" 'socket unix dgram' \"bind $L/s\" | said; rm -f $L/s\n"
                           "        $how \"$N/sk\" \"chdir $L\" 'socket unix dgram' \"bind rel:$S\" | said; rm -f $L/$S\n"
                           "        ls -A $L | diff before -; done; off; done");

    check_out(r, "-> 0\n-> ENOSPC\n-> 0\n-> ENOSPC\n-> 0\n-> ENOSPC\n-> 0\n-> ENOSPC\n-> 0\n-> ENOSPC\n-> 0\n-> ENOSPC\n");
}

/* No room for aliases: names go another way, though peers then see less. */
StockTest(longs_disk, the_runs_own_directory_is_full)
{
    struct run r = mounted("on tmpfs; mkdir -m 700 $M/x; export XDG_RUNTIME_DIR=$M/x L\n"
                           "\"$SUNSHIM\" run -- sh -c 'i=0; while touch $XDG_RUNTIME_DIR/f$i 2>/dev/null; do i=$((i + 1)); done; mkdir -p \"$3\"\n"
                           "\"$1\" \"chdir $3\" \"socket unix dgram\" \"bind $3/s\" getsockname; \"$1\" \"chdir $3\" \"socket unix dgram\" \"bind rel:$2\"' - "
                           "\"$N/sk\" $S $T/$D | grep -c -- '-> 0'; ls -A $T/$D; off");

    check_out(r, text("5\n%0200d\ns\n", 0));
}

/* Quotas are errors of mknod like others: whatever it says is passed on. */
StockTest(longs_disk, a_quota)
{
    struct run r = mounted("on tmpfs; mkdir -p $L; cat >deny.py <<'END'\n"
                           "import ctypes, os, struct, sys\n"
                           "libc = ctypes.CDLL(None)\n"
                           "def op(code, jt, jf, k): return struct.pack('HBBI', code, jt, jf, k)\n"
                           "nr = {'x86_64': 259, 'aarch64': 33}[os.uname().machine]\n"
                           "code = op(0x20, 0, 0, 0) + op(0x15, 0, 1, nr) + op(0x06, 0, 0, 0x50000 | 122) + op(0x06, 0, 0, 0x7fff0000)\n"
                           "buffer = ctypes.create_string_buffer(code)\n"
                           "prog = struct.pack('HxxxxxxP', 4, ctypes.addressof(buffer))\n"
                           "libc.prctl(38, 1, 0, 0, 0)\n"
                           "assert libc.prctl(22, 2, prog, 0, 0) == 0\n"
                           "os.execv(sys.argv[1], sys.argv[1:])\n"
                           "END\n"
                           "for how in \"env LD_PRELOAD=$LIB\" \"$SUNSHIM run\"; do\n"
                           "    $how python3 deny.py \"$N/sk\" \"chdir $L\" 'socket unix dgram' \"bind rel:$S\" | said; ls -A $L; done; off");

    check_out(r, "-> EDQUOT\n-> EDQUOT\n");
}
