/* What each form of a rule means: the rules it becomes. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/parse_support.h"

struct row {
    const char *text;
    const char *rules; /* as parse_support.c writes them */
};

static const struct row rows[] = {
    {"unix,", "unix every"},
    {"unix (create),", "unix create"},
    {"unix (create, bind listen,accept ,connect),",
     "unix create bind listen accept connect"},
    {"unix ( send receive getattr setattr getopt setopt shutdown ),",
     "unix send receive getattr setattr getopt setopt shutdown"},
    {"unix r,", "unix receive"},
    {"unix w,", "unix send"},
    {"unix rw,", "unix send receive"},
    {"unix (r, w),", "unix send receive"},
    {"unix (read write),", "unix send receive"},
    {"unix read,", "unix receive"},
    {"unix (),", "unix every"},
    {"unix connect,", "unix connect"},
    {"unix(\"send\"),", "unix send"},
    {"allow unix,", "unix every"},
    {"audit unix (connect) type=seqpacket,", "audit unix connect seqpacket"},
    {"all,\naudit deny unix,", "all every\ndeny unix every"},
    {"all,\ndeny unix,", "all every\ndeny unix every"},
    {"all,\nquiet deny unix,", "all every\nquiet deny unix every"},
    {"quiet deny all,", "quiet deny all every"},
    {"deny all,", "deny all every"},
    {"allow all,", "all every"},
    {"all,", "all every"},
    {"audit all,", "audit all every"},
    {"deny all errno=ENOSYS,", "deny all every errno=38"},
    {"unix type=stream,", "unix every stream"},
    {"unix type=(dgram),", "unix every dgram"},
    {"unix type=\"raw\",", "unix every raw"},
    {"unix protocol=0,", "unix every proto=0"},
    {"unix protocol=tcp,", "unix every proto=6"},
    {"unix addr=@a,", "unix create\nunix every-create addr=\\0a"},
    {"unix addr=\"@a b\",", "unix create\nunix every-create addr=\\0a b"},
    {"unix addr=(@a),", "unix create\nunix every-create addr=\\0a"},
    {"unix addr = @a ,", "unix create\nunix every-create addr=\\0a"},
    {"unix addr=@foo,bar,", "unix create\nunix every-create addr=\\0foo,bar"},
    {"unix addr=@a\\,b,", "unix create\nunix every-create addr=\\0a,b"},
    {"unix addr=@,", "unix create\nunix every-create addr=\\0"},
    {"unix addr=@a#b,", "unix create\nunix every-create addr=\\0a#b"},
    {"unix addr=\"@\\x00\",", "unix create\nunix every-create addr=\\0\\0"},
    {"unix addr=\"@\\x00\\x01\\141\",", "unix create\nunix every-create addr=\\0\\0\\1a"},
    {"unix addr=\\x40foo,", "unix create\nunix every-create addr=\\0foo"},
    {"unix addr=\\100foo,", "unix create\nunix every-create addr=\\0foo"},
    {"unix addr=\"\\x2fsrv/x\",", "unix create\nunix every-create addr=/srv/x"},
    {"unix addr=\"@*\",", "unix create\nunix every-create addr=\\0*"},
    {"unix addr=\"@[0-9][0-9]\",", "unix create\nunix every-create addr=\\0[][]"},
    {"unix addr=@a{b,c}d,", "unix create\nunix every-create addr=\\0a<b><cd"},
    {"unix addr=/srv/app/*.sock,", "unix create\nunix every-create addr=/srv/app/*.sock"},
    {"unix addr=/srv//app///x,", "unix create\nunix every-create addr=/srv/app/x"},
    {"unix addr=@/a//b,", "unix create\nunix every-create addr=\\0/a//b"},
    {"unix addr=/a**?,", "unix create\nunix every-create addr=/a**?"},
    {"unix addr=none,", "unix create\nunix every-create addr=none"},
    {"unix (bind) addr=none,", "unix bind addr=none"},
    {"unix addr=auto,",
     "unix create\nunix bind addr=auto\nunix listen accept connect send receive getattr setattr getopt setopt shutdown inherit addr=\\0[][][][][]"},
    {"unix (bind) type=dgram addr=auto,", "unix bind dgram addr=auto"},
    {"unix (bind, getattr) addr=auto,",
     "unix bind addr=auto\nunix getattr addr=\\0[][][][][]"},
    {"unix (rw) addr=auto,", "unix send receive addr=\\0[][][][][]"},
    {"unix (autobind) type=dgram,", "unix bind dgram addr=auto"},
    {"unix autobind,", "unix bind addr=auto"},
    {"unix (autobind) addr=auto,", "unix bind addr=auto"},
    {"unix (autobind, bind),", "unix bind addr=auto\nunix bind"},
    {"unix (autobind, create) type=dgram,", "unix bind dgram addr=auto\nunix create dgram"},
    {"unix (bind, autobind) addr=auto,", "unix bind addr=auto"},
    {"unix (connect) peer=(addr=auto),", "unix connect peer=\\0[][][][][]"},
    {"all,\ndeny unix addr=@x,", "all every\ndeny unix every-create addr=\\0x"},
    {"all,\ndeny unix (create) addr=@x,", "all every\ndeny unix create"},
    {"all,\ndeny unix (create, bind) addr=@x,",
     "all every\ndeny unix create\ndeny unix bind addr=\\0x"},
    {"unix (create) addr=@x,", "unix create"},
    {"unix peer=(addr=@x),", "unix accept connect send receive peer=\\0x"},
    {"unix peer=(),", "unix every"},
    {"unix bind peer=(),", "unix bind"},
    {"unix peer=(label=/foo,addr=\"@bar\"),",
     "unix accept connect send receive peer=\\0bar label=/foo"},
    {"unix (accept, receive) addr=@foo peer=(label=/bar),",
     "unix accept receive addr=\\0foo label=/bar"},
    {"unix (connect,) type=stream peer = ( addr = @a label=b , ) ,",
     "unix connect stream peer=\\0a label=b"},
    {"unix peer=(label=unconfined),", "unix accept connect send receive label=unconfined"},
    {"unix peer=(label=\"a b*\"),", "unix accept connect send receive label=a b*"},
    {"unix peer=(addr=none),", "unix accept connect send receive peer=none"},
    {"unix (send) addr=@a peer=(addr=/b),", "unix send addr=\\0a peer=/b"},
    {"all,\ndeny unix (connect) peer=(addr=/run/docker.sock) errno=ENOENT,",
     "all every\ndeny unix connect peer=/run/docker.sock errno=2"},
    {"all,\ndeny unix errno=EPERM peer=(addr=/run/docker.sock),",
     "all every\ndeny unix accept connect send receive peer=/run/docker.sock errno=1"},
    {"all,\ndeny unix errno=4095,", "all every\ndeny unix every errno=4095"},
    {"all,\ndeny unix errno=EWOULDBLOCK,", "all every\ndeny unix every errno=11"},
    {"unix (inherit),", "unix inherit named"},
    {"unix inherit type=stream,", "unix inherit stream named"},
    {"unix (inherit, send),", "unix send inherit named"},
    {"unix (inherit) addr=@x,", "unix inherit addr=\\0x named"},
    {"unix (inherit, create) addr=/run/x,", "unix create named\nunix inherit addr=/run/x named"},
    {"unix (inherit) addr=auto,", "unix inherit addr=\\0[][][][][] named"},
    {"unix (inherit, autobind),", "unix bind addr=auto named\nunix inherit named"},
    {"unix (inherit) peer=(),", "unix inherit named"},
    {"all,\ndeny unix (inherit) type=stream,", "all every\ndeny unix inherit stream named"},
    {"unix fd=3,", "unix inherit fd=3-3 named"},
    {"unix (inherit) fd = 0-2 ,", "unix inherit fd=0-2 named"},
    {"unix fd=3-2147483647 type=dgram addr=none,", "unix inherit dgram addr=none fd=3-2147483647 named"},
    {"all,\nquiet deny unix fd=3 errno=EPERM,", "all every\nquiet deny unix inherit fd=3-3 named errno=1"},
    {"network (inherit),", "all inherit named"},
    {"network inherit inet stream,", "inet inherit stream named"},
    {"network inet fd=4-9,", "inet inherit fd=4-9 named"},
    {"network (inherit) inet port=80 fd=4,", "inet inherit addr=port80-80 fd=4-4 named"},
    {"network netlink fd=4,", "netlink inherit fd=4-4 named"},
    {"unix peer=(scope=inside),", "unix accept connect send receive bound=inside"},
    {"unix (connect) peer=(scope=\"outside\"),", "unix connect bound=outside"},
    {"unix (send) peer=(addr=@x scope=(inside) label=a),", "unix send peer=\\0x label=a bound=inside"},
    {"unix addr=@x peer=(scope=inside),", "unix accept connect send receive addr=\\0x bound=inside"},
    {"network peer=(scope=inside),", "unix+inet+inet6 accept connect send receive bound=inside"},
    {"network unix peer=(scope=inside),", "unix accept connect send receive bound=inside"},
    {"network (connect) inet stream peer=(scope=inside),", "inet connect stream bound=inside"},
    {"network (connect) tcp peer=(port=80 scope=outside),", "inet+inet6 connect stream peer=port80-80 bound=outside"},
    {"network (connect) peer=(ip=::1 scope=inside),",
     "inet6 connect peer=ip6:00000000000000000000000000000001/128 bound=inside"},
    {"network peer=(label=a),", "unix+inet+inet6 accept connect send receive label=a"},
    {"unix peer=(uid=0),", "unix accept receive uid=0"},
    {"unix (accept) peer=(uid=4294967294),", "unix accept uid=4294967294"},
    {"unix (receive) peer=(uid=@{uid}),", "unix receive uid=1000"},
    {"@{who} = 7\nunix peer=(uid=\"@{who}\"),", "unix accept receive uid=7"},
    {"unix peer=(exe=\"/usr/bin/{a,b}*\"),", "unix accept receive exe=/usr/bin/<a><b*"},
    {"unix (accept) peer=(exe=\"/opt/a b\" uid=0 addr=none),", "unix accept peer=none exe=/opt/a b uid=0"},
    {"@{x} = /bin /usr/bin none\nunix peer=(exe=@{x}/a),", "unix accept receive exe=/bin/a|/usr/bin/a"},
    {"unix peer=(exe=/usr//bin///a),", "unix accept receive exe=/usr/bin/a"},
    {"unix peer=(uid=0 scope=outside),", "unix accept receive uid=0 bound=outside"},
    {"network peer=(uid=0),", "unix accept receive uid=0"},
    {"network (accept) unix stream peer=(exe=/bin/a),", "unix accept stream exe=/bin/a"},
    {"all,\ndeny unix peer=(uid=0),", "all every\ndeny unix accept receive uid=0"},
    {"all,\nscope pathname abstract,",
     "all every\ndeny unix connect send peer=pathname made=outside errno=1\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\nscope abstract pathname ,",
     "all every\ndeny unix connect send peer=pathname made=outside errno=1\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\nscope (pathname, abstract),",
     "all every\ndeny unix connect send peer=pathname made=outside errno=1\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\nscope(abstract pathname,),",
     "all every\ndeny unix connect send peer=pathname made=outside errno=1\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\nscope pathname,", "all every\ndeny unix connect send peer=pathname made=outside errno=1"},
    {"all,\nscope\n (abstract)\n,", "all every\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\nscope pathname errno=EACCES,", "all every\ndeny unix connect send peer=pathname made=outside errno=13"},
    {"all,\nscope (abstract) errno = ENOENT ,",
     "all every\ndeny unix connect send peer=abstract made=outside errno=2"},
    {"all,\nquiet scope abstract,", "all every\nquiet deny unix connect send peer=abstract made=outside errno=1"},
    {"deny all,\nscope abstract,", "deny all every\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\n{ scope abstract, }", "all every\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\nif false { scope abstract, } else { scope pathname, }",
     "all every\ndeny unix connect send peer=pathname made=outside errno=1"},
    {"profile a { all, scope abstract,}",
     "profile a\nall every\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"profile a flags=(audit, default_allow) { scope abstract, }",
     "profile a default_allow\naudit all every\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"scope pathname,\nprofile a { all, }",
     "deny unix connect send peer=pathname made=outside errno=1\nprofile a\ndeny unix connect send peer=pathname made=outside errno=1\nall every"},
    {"network,", "all every"},
    {"network unix,", "unix every"},
    {"network unix stream,", "unix every stream"},
    {"network inet,", "inet every"},
    {"network inet6,", "inet6 every"},
    {"network inet stream,", "inet every stream"},
    {"network tcp,", "inet+inet6 every stream"},
    {"network udp,", "inet+inet6 every dgram"},
    {"network icmp,", "inet every raw proto=1"},
    {"network inet tcp,", "inet every stream"},
    {"network inet6 udp,", "inet6 every dgram"},
    {"network inet icmp,", "inet every raw proto=1"},
    {"network stream,", "all every stream"},
    {"network netlink raw,", "netlink every raw"},
    {"network (connect, create) inet stream,", "inet create connect stream"},
    {"network bind inet,", "inet bind"},
    {"network rw,", "all send receive"},
    {"network inet port=80,", "inet create\ninet every-create addr=port80-80"},
    {"network inet port=0-65535,", "inet create\ninet every-create addr="},
    {"network (bind, create) inet stream ip=127.0.0.1 port=8000-8010,",
     "inet create stream\ninet bind stream addr=ip4:7f000001/32port8000-8010"},
    {"network ip=10.1.2.3/8,", "inet create\ninet every-create addr=ip4:0a000000/8"},
    {"network inet6 ip=::1,",
     "inet6 create\ninet6 every-create addr=ip6:00000000000000000000000000000001/128"},
    {"network inet6 ip=2001:db8::/32,",
     "inet6 create\ninet6 every-create addr=ip6:20010db8000000000000000000000000/32"},
    {"network inet6 ip=1:2:3:4:5:6:7:8,",
     "inet6 create\ninet6 every-create addr=ip6:00010002000300040005000600070008/128"},
    {"network inet6 ip=::,",
     "inet6 create\ninet6 every-create addr=ip6:00000000000000000000000000000000/128"},
    {"network ip=::ffff:10.0.0.1,", "inet create\ninet every-create addr=ip4:0a000001/32"},
    {"network inet6 ip=64:ff9b::10.0.0.1,",
     "inet6 create\ninet6 every-create addr=ip6:0064ff9b00000000000000000a000001/128"},
    {"network inet ip=none,", "inet create\ninet every-create addr=none"},
    {"network (connect) inet stream peer=(ip=127.0.0.0/8 port=5432-5440),",
     "inet connect stream peer=ip4:7f000000/8port5432-5440"},
    {"network peer=(port=53),", "inet+inet6 accept connect send receive peer=port53-53"},
    {"network inet protocol=icmp,", "inet every proto=1"},
    {"network unspec,", "unspec every"},
    {"all,\ndeny network inet errno=ENETUNREACH,", "all every\ndeny inet every errno=101"},
    {"priority=0 unix,", "unix every"},
    {"audit { unix, deny network, }", "audit unix every\ndeny all every"},
    {"all,\ndeny { unix (bind), { network unix, } }",
     "all every\ndeny unix bind\ndeny unix every"},
    {"all,\nquiet deny { unix (bind), }", "all every\nquiet deny unix bind"},
    {"{ unix, }", "unix every"},
    {"@{r} = /run /var/run\nunix peer=(addr=@{r}/x),",
     "unix accept connect send receive peer=/run/x|/var/run/x"},
    {"@{r} = /a /b\n@{r} += /c\n@{n} = 1 2\nunix (bind) addr=@{r}/@{n},",
     "unix bind addr=/a/1|/a/2|/b/1|/b/2|/c/1|/c/2"},
    {"@r = @a\nunix (bind) addr=@{r},", "unix bind addr=\\0a"},
    {"@{x} = @{y}1\n@{y} = @a\nunix (bind) addr=@{x},", "unix bind addr=\\0a1"},
    {"@{x} = \"@a b\" # comment\nunix (bind) addr=@{x},", "unix bind addr=\\0a b"},
    {"@{x} = @a \\\n   @b\nunix (bind) addr=@{x},", "unix bind addr=\\0a|\\0b"},
    {"@{x} = @a\n@{x} := @b\n@{x} ?= @c\n@{y} ?= @d\nunix (bind) addr=@{x}@{y},",
     "unix bind addr=\\0b@d"},
    {"unix (bind) addr=@{HOME}/x,", "unix bind addr=/home/a[b/x"},
    {"unix (bind) addr=@{TMPDIR}/x@{uid},", "unix bind addr=/tmp/x1000"},
    {"@{HOME} = /root\nunix (bind) addr=@{HOME}/x,", "unix bind addr=/root/x"},
    {"@{HOME} += /root\nunix (bind) addr=@{HOME}/x,", "unix bind addr=/home/a[b/x|/root/x"},
    {"unix (bind) addr=@\\{a,", "unix bind addr=\\0{a"},
    {"profile web /usr/bin/web* flags=(complain) { unix (bind), }",
     "profile web complain at /usr/bin/web*\nunix bind"},
    {"profile web /usr/bin/{web,www} { unix (bind), }",
     "profile web at /usr/bin/<web><www\nunix bind"},
    {"@{p} = /a /b\nprofile web @{p}/x { unix (bind), }",
     "profile web at /a/x|/b/x\nunix bind"},
    {"/usr/bin/web { unix (bind), }", "profile /usr/bin/web at /usr/bin/web\nunix bind"},
    {"\"/usr/b in/web\" flags=(audit) { unix (bind), deny unix, }",
     "profile /usr/b in/web at /usr/b in/web\naudit unix bind\ndeny unix every"},
    {"profile \"a b\" \"/c d\" { unix (bind), }", "profile a b at /c d\nunix bind"},
    {"profile a (default_allow) { deny unix (bind), }",
     "profile a default_allow\nall every\ndeny unix bind"},
    {"profile a flags=(unconfined, attach_disconnected.path=/x) { }",
     "profile a default_allow\nall every"},
    {"profile a xattrs=(user.x=1 user.y=\"2\") flags=(complain) { }", "profile a complain"},
    {"profile :ns:a { unix (bind), }", "profile a\nunix bind"},
    {"profile :ns://a { unix (bind), }", "profile a\nunix bind"},
    {"profile a { unix (bind), ^h { unix (send), } hat g flags=(complain) { unix (receive), } profile c /bin/c { unix (create), profile d { unix w, } } }",
     "profile a\nunix bind\nprofile a//h\nunix send\nprofile a//g complain\nunix receive\nprofile a//c\nunix create\nprofile a//c//d\nunix send"},
    {"unix (bind),\nprofile a { unix (send), }\nunix (receive),",
     "unix bind\nunix receive\nprofile a\nunix bind\nunix send\nunix receive"},
    {"unix peer=(label=@{profile_name}),\nprofile a { unix (bind) addr=@@{profile_name}, }\nprofile b { }",
     "unix accept connect send receive label=-\nprofile a\nunix accept connect send receive label=a\nunix bind addr=\\0a\nprofile b\nunix accept connect send receive label=b"},
    {"@{l} = @{profile_name}//x\nunix (send),\nunix (send) peer=(label=@{l}),\nprofile a { unix (send) peer=(label=@{l}), unix (bind), }",
     "unix send\nunix send label=-//x\nprofile a\nunix send\nunix send label=a//x\nunix send label=a//x\nunix bind"},
    {"$x = true\nif $x { unix (bind), } else { unix (send), }", "unix bind"},
    {"$x = false\nif $x { unix (bind), } else { unix (send), }", "unix send"},
    {"${x} = TRUE\nif not ${x} { unix (bind), } else if defined @{nope} { unix (send), } else { unix (create), }",
     "unix create"},
    {"@{x} = a\nif defined @{x} and (false or not defined $y) { unix (bind), }", "unix bind"},
    {"profile a { if true { unix (bind), } }", "profile a\nunix bind"},
    {"capability chown dac_override, capability,\nunix (bind),", "unix bind"},
    {"/x rw, /y{a,b} r, \"/z w\" rwk -> t, owner /u r,\nunix (bind),", "unix bind"},
    {"file, file rw /x, rw /x, deny /x w, audit owner file /x rw,\nunix (bind),",
     "unix bind"},
    {"mount options=(rw, bind) /a -> /b,\n  umount /x, remount, pivot_root oldroot=/a/ /b/ -> c,\nunix (bind),",
     "unix bind"},
    {"signal (send receive) set=(hup, kill) peer=/x, ptrace (read) peer=@{profile_name},\nunix (bind),",
     "unix bind"},
    {"dbus (send, receive)\n  bus=system\n  path=\"/a,b\" peer=(name=org.x, label=\"{a,b}\"),\nunix (bind),",
     "unix bind"},
    {"change_profile -> x, change_profile /x -> y, link subset /a -> /b, set rlimit nofile <= 10,\nunix (bind),",
     "unix bind"},
    {"userns, userns create, io_uring sqpoll, mqueue (create) type=posix /q, alias /a -> /b,\nunix (bind),",
     "unix bind"},
    {"unix (bind), # comment\n# another\n#include-this is a comment\n # include <nope>",
     "unix bind"},
    {"unix\n (bind\n  ,send)\n type=stream\n ,", "unix bind send stream"},
    {"unix (bind),unix (send),", "unix bind\nunix send"},
    {"profile a { unix (bind),}", "profile a\nunix bind"},
    {"profile a { unix (bind) addr=@a,}", "profile a\nunix bind addr=\\0a"},
};

/* With --apparmor, or in a file that declares an abi. */
static const struct row apparmor_rows[] = {
    {"unix,",
     "unix create\nunix bind listen getattr setattr getopt setopt shutdown inherit addr=notpath\nunix accept connect send receive addr=notpath peer=notpath"},
    {"unix (create, bind, connect),",
     "unix create\nunix bind addr=notpath\nunix connect addr=notpath peer=notpath"},
    {"all,\ndeny unix,",
     "all every\nquiet deny unix create\nquiet deny unix bind listen getattr setattr getopt setopt shutdown inherit addr=notpath\nquiet deny unix accept connect send receive addr=notpath peer=notpath"},
    {"all,\naudit deny unix,",
     "all every\ndeny unix create\ndeny unix bind listen getattr setattr getopt setopt shutdown inherit addr=notpath\ndeny unix accept connect send receive addr=notpath peer=notpath"},
    {"all,\nquiet deny unix,",
     "all every\nquiet deny unix create\nquiet deny unix bind listen getattr setattr getopt setopt shutdown inherit addr=notpath\nquiet deny unix accept connect send receive addr=notpath peer=notpath"},
    {"unix addr=@a,",
     "unix create\nunix bind listen getattr setattr getopt setopt shutdown inherit addr=\\0a\nunix accept connect send receive addr=\\0a peer=notpath"},
    {"unix addr=/a,",
     "unix create\nunix bind listen getattr setattr getopt setopt shutdown inherit addr=/a\nunix accept connect send receive addr=/a peer=notpath"},
    {"unix peer=(addr=@a),", "unix accept connect send receive addr=notpath peer=\\0a"},
    {"unix peer=(label=x),",
     "unix accept connect send receive addr=notpath peer=notpath label=x"},
    {"unix (bind) addr=auto,", "unix bind addr=auto"},
    {"all,\ndeny unix addr=@a,",
     "all every\nquiet deny unix create\nquiet deny unix bind listen getattr setattr getopt setopt shutdown inherit addr=\\0a\nquiet deny unix accept connect send receive addr=\\0a peer=notpath"},
    {"network,",
     "unix create\nunix bind listen getattr setattr getopt setopt shutdown inherit addr=notpath\nunix accept connect send receive addr=notpath peer=notpath\nall-unix every"},
    {"network unix stream,",
     "unix create stream\nunix bind listen getattr setattr getopt setopt shutdown inherit stream addr=notpath\nunix accept connect send receive stream addr=notpath peer=notpath"},
    {"network inet,", "inet every"},
    {"network inet port=80,", "inet create\ninet every-create addr=port80-80"},
    {"allow all,", "all every"},
    {"deny all,", "quiet deny all every"},
    {"/run/x rw,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\nunix send stream seqpacket addr=/run/x\nunix accept connect send receive peer=/run/x"},
    {"all,\n/run/x r,", "all every"},
    {"/run/x w,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\nunix send stream seqpacket addr=/run/x\nunix accept connect send receive peer=/run/x"},
    {"\"/run/a b\" w,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/a b\nunix send stream seqpacket addr=/run/a b\nunix accept connect send receive peer=/run/a b"},
    {"w /run/x,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\nunix send stream seqpacket addr=/run/x\nunix accept connect send receive peer=/run/x"},
    {"file w /run/x,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\nunix send stream seqpacket addr=/run/x\nunix accept connect send receive peer=/run/x"},
    {"file,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/?**\nunix send stream seqpacket addr=/?**\nunix accept connect send receive peer=/?**"},
    {"all,\n/run/d/ rw,", "all every"},
    {"/run/*.s{a,b} rwk,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/*.s<a><b\nunix send stream seqpacket addr=/run/*.s<a><b\nunix accept connect send receive peer=/run/*.s<a><b"},
    {"@{r} = /run /var/run\n@{r}/x w,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x|/var/run/x\nunix send stream seqpacket addr=/run/x|/var/run/x\nunix accept connect send receive peer=/run/x|/var/run/x"},
    {"all,\ndeny /run/x w,",
     "all every\nquiet deny unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\nquiet deny unix send stream seqpacket addr=/run/x\nquiet deny unix accept connect send receive peer=/run/x"},
    {"all,\naudit deny /run/x w,",
     "all every\ndeny unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\ndeny unix send stream seqpacket addr=/run/x\ndeny unix accept connect send receive peer=/run/x"},
    {"audit /run/x w,",
     "audit unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\naudit unix send stream seqpacket addr=/run/x\naudit unix accept connect send receive peer=/run/x"},
    {"owner /run/x w,",
     "unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\nunix send stream seqpacket addr=/run/x\nunix accept connect send receive peer=/run/x"},
    {"all,\ndeny owner /run/x w,",
     "all every\nquiet deny unix bind listen accept receive getattr setattr getopt setopt shutdown inherit addr=/run/x\nquiet deny unix send stream seqpacket addr=/run/x\nquiet deny unix accept connect send receive peer=/run/x"},
    {"profile a { unix, }",
     "profile a\nunix create\nunix bind listen getattr setattr getopt setopt shutdown inherit addr=notpath\nunix accept connect send receive addr=notpath peer=notpath"},
    {"profile a { }", "profile a"},
    {"unix (inherit),", "unix inherit addr=notpath named"},
    {"unix (inherit) addr=@a,", "unix inherit addr=\\0a named"},
    {"unix fd=3,", "unix inherit addr=notpath fd=3-3 named"},
    {"network (inherit) inet,", "inet inherit named"},
    {"unix (connect) peer=(scope=inside),", "unix connect addr=notpath peer=notpath bound=inside"},
    {"unix (connect) peer=(addr=/run/x scope=inside),", "unix connect addr=notpath peer=/run/x bound=inside"},
    {"unix (accept) peer=(uid=0),", "unix accept addr=notpath peer=notpath uid=0"},
    {"network (connect) peer=(scope=inside),",
     "unix connect addr=notpath peer=notpath bound=inside\ninet+inet6 connect bound=inside"},
    {"all,\nscope pathname abstract,",
     "all every\ndeny unix connect send peer=pathname made=outside errno=1\ndeny unix connect send peer=abstract made=outside errno=1"},
    {"all,\nquiet scope pathname,", "all every\nquiet deny unix connect send peer=pathname made=outside errno=1"},
};

static void check(struct parsed *p, const char *text, const char *rules)
{
    size_t len = strlen(rules);
    parse_policy(p, text, strlen(text));
    cr_expect(p->status == 0, "refused: %s\n%s", text, p->says);
    cr_expect(strncmp(p->rules, rules, len) == 0 && strcmp(p->rules + len, "\n") == 0,
              "%s\n is     %s\n should %s", text, p->rules, rules);
    parsed_free(p);
}

Test(parse_rules, each_form_means_what_it_says)
{
    static struct parsed p;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&p, rows[i].text, rows[i].rules);
}

Test(parse_rules, apparmors_meaning_by_option)
{
    static struct parsed p = {.flags = POLICY_INPUT_APPARMOR};
    for (size_t i = 0; i < sizeof apparmor_rows / sizeof *apparmor_rows; i++)
        check(&p, apparmor_rows[i].text, apparmor_rows[i].rules);
}

Test(parse_rules, apparmors_meaning_by_declaration)
{
    static struct parsed p;
    static const char *const heads[] = {"abi <abi/3.0>,\n", "abi \"x\",\n", "abi <kernel>,\n"};
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
        for (size_t i = 0; i < sizeof apparmor_rows / sizeof *apparmor_rows; i++) {
            char text[512];
            strcat(strcpy(text, heads[h]), apparmor_rows[i].text);
            check(&p, text, apparmor_rows[i].rules);
        }
}

Test(parse_rules, other_line_ends_mean_the_same)
{
    static struct parsed p;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024], *at = text;
        for (const char *s = rows[i].text; *s; s++) {
            if (*s == '\n')
                *at++ = '\r';
            *at++ = *s;
        }
        strcpy(at, "\r\n");
        check(&p, text, rows[i].rules);
    }
}

Test(parse_rules, a_byte_order_mark_is_nothing)
{
    static struct parsed p;
    check(&p, "\xef\xbb\xbfunix,", "unix every");
}

Test(parse_rules, a_scope_statement_is_one_source_with_its_text)
{
    static struct parsed p;
    const char text[] = "all,\n  scope pathname\n abstract,\nunix,";
    parse_policy(&p, text, sizeof text - 1);
    cr_assert(p.status == 0 && p.set.source_count == 3 && p.set.profiles[0].rule_count == 4);
    const struct rule_source *s = &p.set.sources[1];
    cr_expect(s->line == 2 && s->deny && s->text_len == 25 && memcmp(s->text, "scope pathname\n abstract,", 25) == 0);
    cr_expect(p.set.profiles[0].rules[1].source == 1 && p.set.profiles[0].rules[2].source == 1);
    parsed_free(&p);
}

Test(parse_rules, rules_know_their_place_and_text)
{
    static struct parsed p;
    const char text[] = "# comment\nunix (bind),\nprofile a {\n  audit deny unix\n   (send) , network,\n}\n";
    parse_policy(&p, text, sizeof text - 1);
    cr_assert(p.status == 0 && p.set.source_count == 3);
    const struct rule_source *s = p.set.sources;
    cr_expect(s[0].line == 2 && s[1].line == 4 && s[2].line == 5);
    cr_expect(!s[0].deny && s[1].deny);
    cr_expect(strcmp(s[1].file, "p") == 0);
    cr_expect(s[0].text_len == 12 && memcmp(s[0].text, "unix (bind),", 12) == 0);
    cr_expect(s[1].text_len == 27 && memcmp(s[1].text, "audit deny unix\n   (send) ,", 26) == 0);
    parsed_free(&p);
}
