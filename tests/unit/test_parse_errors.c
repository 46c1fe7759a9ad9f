/* Every mistake the language knows: where it is pointed at, and in which words. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/parse_support.h"

struct row {
    const char *text;
    const char *says; /* LINE:COLUMN+WIDTH message; suggestion */
};

static const struct row rows[] = {
    {"unxi,", "1:1+4 'unxi' is not the beginning of a rule; did you mean 'unix'?"},
    {"unix (conect) type=stream,",
     "1:7+6 'conect' is not a permission; did you mean 'connect'?"},
    {"unix (send, recieve),",
     "1:13+7 'recieve' is not a permission; did you mean 'receive'?"},
    {"unix type=steam,", "1:11+5 'steam' is not a socket type; did you mean 'stream'?"},
    {"\tunix addr=\"\\x00x00\",",
     "1:13+7 '\\x00x00' is not a socket address; write @name for an abstract name, or a path that begins with /"},
    {"unix addr=foo,",
     "1:11+3 'foo' is not a socket address; write @name for an abstract name, or a path that begins with /"},
    {"unix addr=\"\",",
     "1:12+1 '' is not a socket address; write @name for an abstract name, or a path that begins with /"},
    {"unix (create bind) peer=(addr=@x),",
     "1:6+13 'create', 'bind' cannot be used with peer=(): only accept, connect, send and receive have a peer"},
    {"netwrok inet,",
     "1:1+7 'netwrok' is not the beginning of a rule; did you mean 'network'?"},
    {"network inte stream,",
     "1:9+4 'inte' is not a family, socket type or protocol; did you mean 'inet'?"},
    {"network inet straem,",
     "1:14+6 'straem' is not a socket type or protocol; did you mean 'stream'?"},
    {"network unix tcp,", "1:14+3 'tcp' is not a protocol of this family"},
    {"network inet6 icmp,", "1:15+4 'icmp' is not a protocol of this family"},
    {"network inet,network inet6,", "1:13+1 a blank is missing after the comma"},
    {"unix stream,", "1:6+6 'stream' stands where a condition should; write type="},
    {"unix conect,", "1:6+6 'conect' is not a permission; did you mean 'connect'?"},
    {"unix connect send,",
     "1:14+4 several permissions need parentheses; write (send, receive)"},
    {"unix (connect) send,",
     "1:16+4 several permissions need parentheses; write (send, receive)"},
    {"unix addr=@a addr=@b,", "1:14+4 'addr=' stands here twice"},
    {"unix type=stream type=dgram,", "1:18+4 'type=' stands here twice"},
    {"unix type=(stream dgram),", "1:19+5 'type=' takes one value"},
    {"unix addr=(),", "1:6+4 no value is given to 'addr='"},
    {"unix addr=,", "1:11+1 ',' stands where a value should"},
    {"unix addr=@a b,", "1:14+1 'b' stands where the comma that ends the rule should"},
    {"unix peer=(adr=@a),",
     "1:12+3 'adr' is not a condition of the peer in unix rules; did you mean 'addr'?"},
    {"unix adr=@a,", "1:6+3 'adr' is not a condition of unix rules; did you mean 'addr'?"},
    {"unix addr,", "1:6+4 'addr' is not a permission"},
    {"unix label=x,", "1:6+5 'label=' is about the peer; write peer=(label=...)"},
    {"unix ip=1.2.3.4,", "1:6+2 'ip' is not a condition of unix rules"},
    {"network addr=@a,", "1:9+4 'addr' is not a condition of network rules"},
    {"network inet type=stream,",
     "1:19+6 a network rule names the type without type=; as in network inet stream,"},
    {"unix peer=(type=stream),", "1:12+4 'type=' cannot stand in peer=()"},
    {"unix peer=(addr=@a) addr=@b,",
     "1:21+4 'addr=' stands after peer=(); put it before peer="},
    {"unix peer=(addr=@a) peer=(addr=@b),", "1:21+4 'peer=' stands here twice"},
    {"unix peer=@a,", "1:6+4 the peer's conditions stand in parentheses: peer=(...)"},
    {"unix peer=(@a),", "1:12+1 a name without a condition; write addr="},
    {"unix (send) errno=EPERM,", "1:13+5 errno= goes with deny only"},
    {"deny unix errno=ENONT,",
     "1:17+5 'ENONT' is not an error name, or a number from 1 to 4095; did you mean 'ENOENT'?"},
    {"deny unix errno=4096,",
     "1:17+4 '4096' is not an error name, or a number from 1 to 4095"},
    {"deny unix errno=0,", "1:17+1 '0' is not an error name, or a number from 1 to 4095"},
    {"allow all errno=EPERM,", "1:11+5 errno= goes with deny only"},
    {"deny all errno=1 errno=2,",
     "1:18+5 'errno' stands where the comma that ends the rule should"},
    {"quiet unix,", "1:1+5 quiet goes with deny only"},
    {"deny quiet unix,", "1:6+5 'quiet' cannot stand after 'deny'"},
    {"audit quiet deny unix,", "1:7+5 'quiet' cannot stand after 'audit'"},
    {"quiet audit deny unix,", "1:7+5 'audit' cannot stand after 'quiet'"},
    {"deny audit unix,", "1:6+5 'audit' cannot stand after 'deny'"},
    {"allow deny unix,", "1:7+4 'deny' cannot stand after 'allow'"},
    {"owner unix,", "1:1+5 'owner' cannot stand before a unix rule"},
    {"owner audit unix,", "1:7+5 'audit' cannot stand after 'owner'"},
    {"other network,", "1:1+5 'other' cannot stand before a network rule"},
    {"priority=5 unix,",
     "1:1+8 priorities of unix rules are not supported in this version; deny rules win whatever the order"},
    {"priority=2000 file,", "1:10+4 priority 2000 is out of range; the limit is 1000"},
    {"priority=x unix,", "1:1+8 a priority is a number from -1000 to 1000"},
    {"audit priority=1 unix,", "1:7+8 priority= must be the first word of a rule"},
    {"priority=1 { unix, }", "1:1+8 priority= cannot stand before a block"},
    {"deny { allow unix, }", "1:8+1 the block around this rule says the opposite"},
    {"audit include <x>", "1:7+7 'include' cannot stand after words like audit and deny"},
    {"deny { profile x { unix, } }",
     "1:8+7 a profile cannot stand in a block behind words like audit and deny"},
    {"deny profile x { unix, }",
     "1:6+7 'profile' cannot stand after words like audit and deny"},
    {"unix (inherti),", "1:7+7 'inherti' is not a permission; did you mean 'inherit'?"},
    {"unix (inherit, listen) peer=(addr=@x),",
     "1:6+17 'listen', 'inherit' cannot be used with peer=(): only accept, connect, send and receive have a peer"},
    {"unix inherit peer=(scope=inside),",
     "1:6+7 'inherit' cannot be used with peer=(): only accept, connect, send and receive have a peer"},
    {"unix (send, inherit) fd=3,", "1:6+15 'send' cannot be used with fd=: it goes with inherit only"},
    {"unix bind fd=3,", "1:6+4 'bind' cannot be used with fd=: it goes with inherit only"},
    {"unix fd=3 peer=(addr=@x),", "1:17+4 fd= cannot be used with peer=(): inherit has no peer"},
    {"unix (send) fd=3 peer=(addr=@x),", "1:6+6 'send' cannot be used with fd=: it goes with inherit only"},
    {"unix fd=x,", "1:9+1 'x' is not a descriptor or a range of them; as in fd=3 or fd=3-1023"},
    {"unix fd=3-,", "1:9+2 '3-' is not a descriptor or a range of them; as in fd=3 or fd=3-1023"},
    {"unix fd=-1,", "1:9+2 '-1' is not a descriptor or a range of them; as in fd=3 or fd=3-1023"},
    {"unix fd=2147483648,",
     "1:9+10 '2147483648' is not a descriptor or a range of them; as in fd=3 or fd=3-1023"},
    {"unix fd=9-3,", "1:9+3 the range '9-3' ends before it begins"},
    {"unix fd=3 fd=4,", "1:11+2 'fd=' stands here twice"},
    {"unix peer=(fd=3),", "1:12+2 'fd=' cannot stand in peer=()"},
    {"unix (connect) peer=(addr=@x) fd=3,", "1:31+2 'fd=' stands after peer=(); put it before peer="},
    {"network (connect) inet fd=3,", "1:9+9 'connect' cannot be used with fd=: it goes with inherit only"},
    {"scope,", "1:1+5 scope does not say what it is about; write scope pathname abstract,"},
    {"scope (),", "1:1+5 scope does not say what it is about; write scope pathname abstract,"},
    {"scope errno=EPERM,", "1:1+5 scope does not say what it is about; write scope pathname abstract,"},
    {"scope pathnam,", "1:7+7 'pathnam' is not a kind of socket name; did you mean 'pathname'?"},
    {"scope (pathname, abstarct),",
     "1:18+8 'abstarct' is not a kind of socket name; did you mean 'abstract'?"},
    {"scope signal,", "1:7+6 'signal' is not a kind of socket name; write pathname, abstract or both"},
    {"scope pathname pathname,", "1:16+8 'pathname' stands here twice"},
    {"scope pathname, abstract,",
     "1:17+8 'abstract' is not the beginning of a rule; as in scope pathname abstract,"},
    {"scope (pathname abstract,", "1:7+1 this '(' is not closed"},
    {"scope pathname", "1:15+1 the rule is not ended by a comma"},
    {"scope pathname\nunix,", "1:15+1 the rule is not ended by a comma"},
    {"scope (pathname) abstract,", "1:18+8 'abstract' stands where the comma that ends the rule should"},
    {"scope \"pathname\",", "1:7+1 '\"' stands where pathname or abstract should"},
    {"scope (\"pathname\"),", "1:8+1 '\"' stands where pathname or abstract should"},
    {"scope pathname type=stream,", "1:16+4 'type' is not a condition of scope rules"},
    {"scope pathname ernno=EPERM,", "1:16+5 'ernno' is not a condition of scope rules; did you mean 'errno'?"},
    {"scope pathname errno=EPREM,",
     "1:22+5 'EPREM' is not an error name, or a number from 1 to 4095; did you mean 'EPERM'?"},
    {"deny scope pathname,", "1:6+5 'deny' cannot stand before scope; scope denies by itself; write it alone"},
    {"quiet deny scope pathname,",
     "1:12+5 'deny' cannot stand before scope; scope denies by itself; write it alone"},
    {"allow scope pathname,",
     "1:7+5 'allow' cannot stand before scope; scope denies, and no rule makes an exception to it"},
    {"audit scope pathname,",
     "1:7+5 'audit' cannot stand before scope; what scope denies is on record unless it is a quiet scope"},
    {"deny { scope pathname, }", "1:8+5 'deny' cannot stand before scope; scope denies by itself; write it alone"},
    {"owner scope pathname,", "1:1+5 'owner' cannot stand before scope"},
    {"priority=5 scope pathname,",
     "1:1+8 priorities of scope rules are not supported in this version; deny rules win whatever the order"},
    {"scop pathname,", "1:1+4 'scop' is not the beginning of a rule; did you mean 'scope'?"},
    {"all type=stream,", "1:5+4 'type' is not a condition of all rules"},
    {"map /s/ -> fd:x,", "1:5+3 '/s/' ends in '/', for all names below it, and a descriptor is one file; write a rule "
                         "for each name, without the slash"},
    {"map", "1:4+1 the file ends where a path should stand"},
    {"map,", "1:4+1 ',' stands where a path should"},
    {"map -> /b,", "1:5+1 '-' stands where a path should"},
    {"map /a,", "1:7+1 ',' stands where '->' should"},
    {"map /a /b,", "1:8+1 '/' stands where '->' should"},
    {"map /a = /b,", "1:8+1 '=' stands where '->' should"},
    {"map /a ->,", "1:10+1 ',' stands where a path or fd:NAME should"},
    {"map /a->/b,",
     "1:7+2 '->' stands inside a name; blanks stand around '->'; a name with it is put in quotes"},
    {"map /a -> /b", "1:13+1 the rule is not ended by a comma"},
    {"map /a -> /b /c,", "1:14+1 '/' stands where the comma that ends the rule should"},
    {"map /a -> /b errno=EPERM,", "1:14+5 'errno=' is not a condition of map rules; map decides nothing"},
    {"map /a -> /b type=stream,", "1:14+4 'type=' is not a condition of map rules; map decides nothing"},
    {"audit map /a -> /b,", "1:7+3 'audit' cannot stand before map; map decides nothing; write it alone"},
    {"quiet map /a -> /b,", "1:7+3 'quiet' cannot stand before map; map decides nothing; write it alone"},
    {"allow map /a -> /b,", "1:7+3 'allow' cannot stand before map; map decides nothing; write it alone"},
    {"deny map /a -> /b,", "1:6+3 'deny' cannot stand before map; map decides nothing; write it alone"},
    {"deny { map /a -> /b, }", "1:8+3 'deny' cannot stand before map; map decides nothing; write it alone"},
    {"owner map /a -> /b,", "1:1+5 'owner' cannot stand before map"},
    {"priority=1 map /a -> /b,", "1:1+8 map rules have no priorities; the longest FROM wins"},
    {"map a -> /b,", "1:5+1 'a' is not an absolute path"},
    {"map /a -> b/,", "1:11+2 'b/' is not an absolute path"},
    {"map \"\" -> /b,", "1:6+1 '' is not an absolute path"},
    {"map @a -> /b,", "1:5+2 '@a' is an abstract name; map is about paths"},
    {"map /a -> @b,", "1:11+2 '@b' is an abstract name; map is about paths"},
    {"map /a* -> /b,",
     "1:7+1 '*' makes a pattern, and map takes names; put a backslash before it if the name has it"},
    {"map /a -> \"/b/?\",",
     "1:15+1 '?' makes a pattern, and map takes names; put a backslash before it if the name has it"},
    {"map /a[b] -> /b,",
     "1:7+1 '[' makes a pattern, and map takes names; put a backslash before it if the name has it"},
    {"map /a{b,c} -> /b,",
     "1:7+1 '{' makes a pattern, and map takes names; put a backslash before it if the name has it"},
    {"map /a\\ -> /b,",
     "1:9+2 '->' stands inside a name; blanks stand around '->'; a name with it is put in quotes"},
    {"map\nunix,", "1:4+1 the line ends where a path should stand"},
    {"map /a ->\nunix,", "1:10+1 the line ends where a path or fd:NAME should stand"},
    {"map \"/a\\x00b\" -> /b,", "1:6+7 a path has no NUL byte in it"},
    {"map /a//b -> /c,",
     "1:5+5 '/a//b' is not canonical: '//', '.' and '..' cannot stand in a map; write /a/b"},
    {"map /a/./b/ -> /c/,",
     "1:5+7 '/a/./b/' is not canonical: '//', '.' and '..' cannot stand in a map; write /a/b/"},
    {"map /a/. -> /c,",
     "1:5+4 '/a/.' is not canonical: '//', '.' and '..' cannot stand in a map; write /a/"},
    {"map /a/b/../../../c -> /d,",
     "1:5+15 '/a/b/../../../c' is not canonical: '//', '.' and '..' cannot stand in a map; write /c"},
    {"map /a -> /b/c/..,",
     "1:11+7 '/b/c/..' is not canonical: '//', '.' and '..' cannot stand in a map; write /b/"},
    {"map /a/ -> /b,",
     "1:12+2 FROM ends in '/', for all names below it, and '/b' does not; write /b/"},
    {"map /a -> /b/,",
     "1:11+3 '/b/' ends in '/', for all names below it, and FROM does not; write /b"},
    {"map /a -> /,", "1:11+1 '/' ends in '/', for all names below it, and FROM does not"},
    {"map /a -> /@{nobody},", "1:12+9 the variable @{nobody} is not set"},
    {"@{v} = /x /y\nmap /a -> @{v}/b,",
     "2:11+6 '@{v}/b' has several values; a map leads to one name; write a rule for each"},
    {"@{v} = /x* /y\nmap @{v}/a -> /b,",
     "2:5+6 '*' makes a pattern, and map takes names; put a backslash before it if the name has it"},
    {"@{v} = /x y\nmap @{v} -> /b,", "2:5+4 'y' is not an absolute path"},
    {"@{v} = /x/..\nmap @{v}/a -> /b,",
     "2:5+6 '/x/../a' is not canonical: '//', '.' and '..' cannot stand in a map; write /a"},
    {"inject unix (bind) when=2,", "1:8+4 inject does nothing without errno=, delay= or short="},
    {"inject unix (send) errno=EPIPE short=3,", "1:38+1 a call that fails with errno= has no short="},
    {"inject unix (send) type=dgram short=3,", "1:37+1 only a stream can send less than it is told to"},
    {"inject unix (connect) short=3,",
     "1:13+9 'connect' cannot be used with short=: only sends and receives have a size"},
    {"inject unix (getopt) errno=EIO,", "1:13+8 'getopt' cannot be used with inject"},
    {"inject unix (bind) errno=EIO when=0,",
     "1:35+1 '0' does not say which calls: they are counted from 1 to 4294967295; "
     "write 2, 2+, 2+3, 2..9 or 2..9+3"},
    {"inject unix (bind) errno=EIO when=2x,",
     "1:35+2 '2x' does not say which calls: they are counted from 1 to 4294967295; "
     "write 2, 2+, 2+3, 2..9 or 2..9+3"},
    {"inject unix (bind) errno=EIO when=4294967296,",
     "1:35+10 '4294967296' does not say which calls: they are counted from 1 to 4294967295; "
     "write 2, 2+, 2+3, 2..9 or 2..9+3"},
    {"inject unix (bind) errno=EIO when=x..3,",
     "1:35+4 'x..3' does not say which calls: they are counted from 1 to 4294967295; "
     "write 2, 2+, 2+3, 2..9 or 2..9+3"},
    {"inject unix (bind) errno=EIO when=2..,",
     "1:35+3 '2..' does not say which calls: they are counted from 1 to 4294967295; "
     "write 2, 2+, 2+3, 2..9 or 2..9+3"},
    {"inject unix (bind) errno=EIO when=2+0,",
     "1:35+3 '2+0' does not say which calls: they are counted from 1 to 4294967295; "
     "write 2, 2+, 2+3, 2..9 or 2..9+3"},
    {"inject unix (bind) errno=EIO when=2+x,",
     "1:35+3 '2+x' does not say which calls: they are counted from 1 to 4294967295; "
     "write 2, 2+, 2+3, 2..9 or 2..9+3"},
    {"inject unix (bind) delay=0s,", "1:26+2 '0s' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) delay=1.s,", "1:26+3 '1.s' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) delay=ms,", "1:26+2 'ms' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) delay=5%,", "1:26+2 '5%' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) delay=1.0000000001s,", "1:26+13 '1.0000000001s' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) delay=99999999999999999999s,", "1:26+21 '99999999999999999999s' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) errno=EIO chance=0,",
     "1:37+1 '0' is not a chance: that is above 0, and 1 at most; write 30% or 0.3"},
    {"inject unix (bind) errno=EIO chance=5ms,",
     "1:37+3 '5ms' is not a chance: that is above 0, and 1 at most; write 30% or 0.3"},
    {"inject unix (send) short=0,", "1:26+1 '0' is not a number from 1 to 2147483647"},
    {"inject unix (send) short=3x,", "1:26+2 '3x' is not a number from 1 to 2147483647"},
    {"inject unix (send) short=2147483648,", "1:26+10 '2147483648' is not a number from 1 to 2147483647"},
    {"inject unix (bind) errno=EIO chance=50% seed=x,", "1:46+1 'x' is not a number from 0 to 18446744073709551615"},
    {"priority=3 inject unix (bind) errno=EIO,",
     "1:12+6 'inject' cannot stand behind words like audit and deny; inject decides nothing; write it alone"},
    {"inject unix (bind) errno=EIO when=4..2,", "1:35+4 '4..2' ends before it begins"},
    {"inject unix (bind) errno=EIO chance=130%,",
     "1:37+4 '130%' is not a chance: that is above 0, and 1 at most; write 30% or 0.3"},
    {"inject unix (bind) errno=EIO seed=3,", "1:8+4 seed= goes with chance="},
    {"inject unix (bind) delay=2h,", "1:26+2 '2h' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) delay=3601s,", "1:26+5 '3601s' is not a time of up to 3600s; write 50ms, 1.5s or 200us"},
    {"inject unix (bind) errno=EIO each=thread,",
     "1:35+6 'thread' does not count calls; write each=process or each=domain"},
    {"inject unix (bind) errno=EIO whn=3,", "1:30+3 'whn' is not a condition of unix rules; did you mean 'when'?"},
    {"deny unix (bind) when=2,", "1:18+4 'when' is not a condition of unix rules"},
    {"deny unix (bind) error=EIO,", "1:18+5 'error' is not a condition of unix rules"},
    {"audit inject unix (bind) errno=EIO,",
     "1:7+6 'inject' cannot stand behind words like audit and deny; inject decides nothing; write it alone"},
    {"inject all errno=EIO,", "1:8+3 'all' stands where 'unix' or 'network' should"},
    {"unix (connect, accept) peer=(uid=0),",
     "1:6+17 'connect' cannot be used with uid= and exe=: only accept and receive know who the peer is"},
    {"unix rw peer=(exe=/bin/x),",
     "1:6+2 'send' cannot be used with uid= and exe=: only accept and receive know who the peer is"},
    {"unix bind peer=(uid=0),",
     "1:6+4 'bind' cannot be used with peer=(): only accept, connect, send and receive have a peer"},
    {"unix peer=(uid=root),", "1:16+4 'root' is not the number of a user; as in uid=0 or uid=@{uid}"},
    {"unix peer=(uid=4294967295),",
     "1:16+10 '4294967295' is not the number of a user; as in uid=0 or uid=@{uid}"},
    {"unix peer=(uid=\"\"),", "1:17+1 '' is not the number of a user; as in uid=0 or uid=@{uid}"},
    {"@{u} = 1 2\nunix peer=(uid=@{u}),",
     "2:16+4 '@{u}' has several values; uid= takes one; write a rule for each"},
    {"unix peer=(uid=@{nobody}),", "1:16+9 the variable @{nobody} is not set"},
    {"unix peer=(exe=x),", "1:16+1 'x' is not an absolute path"},
    {"unix peer=(exe=/a[),", "1:18+1 this [ is never closed"},
    {"@{x} = a b\nunix peer=(exe=@{x}),", "2:16+4 '@{x}' is not an absolute path"},
    {"unix peer=(scope=insde),", "1:18+5 'insde' is not a scope; did you mean 'inside'?"},
    {"unix peer=(scope=near),", "1:18+4 'near' is not a scope; write scope=inside or scope=outside"},
    {"unix peer=(scope=inside scope=outside),", "1:25+5 'scope=' stands here twice"},
    {"unix peer=(scop=inside),",
     "1:12+4 'scop' is not a condition of the peer in unix rules; did you mean 'scope'?"},
    {"unix scope=inside,", "1:6+5 'scope=' is about the peer; write peer=(scope=...)"},
    {"network inet uid=0,", "1:14+3 'uid=' is about the peer; write peer=(uid=...)"},
    {"unix exe=/bin/x,", "1:6+3 'exe=' is about the peer; write peer=(exe=...)"},
    {"unix peer=(addr=@a) scope=inside,",
     "1:21+5 'scope=' stands after peer=(); put it between the parentheses"},
    {"network inet peer=(uid=0),", "1:20+3 uid= and exe= go with unix only: no other socket says who is there"},
    {"network tcp peer=(scope=inside exe=/x),",
     "1:32+3 uid= and exe= go with unix only: no other socket says who is there"},
    {"network peer=(ip=::1 uid=0),",
     "1:22+3 uid= and exe= go with unix only: no other socket says who is there"},
    {"network netlink peer=(scope=inside),", "1:23+5 scope= and label= go with unix, inet and inet6 only"},
    {"network netlink peer=(label=x),", "1:23+5 scope= and label= go with unix, inet and inet6 only"},
    {"network inet interface=eth0,",
     "1:14+9 'interface=' is not supported: sockets do not say"},
    {"unix addr=\"@a,", "1:11+4 this quote is not closed on its line"},
    {"unix (\"send,", "1:7+6 this quote is not closed on its line"},
    {"unix addr=@a[,", "1:13+1 this [ is never closed"},
    {"unix addr=@a{b,", "1:13+1 this { is never closed"},
    {"unix addr=@a}b,", "1:13+1 this } closes nothing (write \\} for the byte itself)"},
    {"unix peer=(addr=@a{b,c}),",
     "1:17+4 a comma ends a name in parentheses; put it in quotes"},
    {"unix (autobind) addr=@x,",
     "1:17+4 'autobind' goes with addr=auto only: the kernel chooses the name; write (bind) for a name the program chooses"},
    {"unix (autobind) peer=(addr=@x),",
     "1:6+10 'autobind' cannot be used with peer=(): only accept, connect, send and receive have a peer"},
    {"network (autobind),", "1:10+8 'autobind' goes with unix rules only"},
    {"network (connect) inet peer=(ip=1.2.3),",
     "1:33+5 '1.2.3' is not an IP address or prefix; as in ip=127.0.0.1, ip=10.0.0.0/8 or ip=::1"},
    {"network inet ip=01.2.3.4,",
     "1:17+8 '01.2.3.4' is not an IP address or prefix; as in ip=127.0.0.1, ip=10.0.0.0/8 or ip=::1"},
    {"network inet ip=1.2.3.4/33,",
     "1:17+10 '1.2.3.4/33' is not an IP address or prefix; as in ip=127.0.0.1, ip=10.0.0.0/8 or ip=::1"},
    {"network inet6 ip=::1::2,",
     "1:18+6 '::1::2' is not an IP address or prefix; as in ip=127.0.0.1, ip=10.0.0.0/8 or ip=::1"},
    {"network inet6 ip=12345::,",
     "1:18+7 '12345::' is not an IP address or prefix; as in ip=127.0.0.1, ip=10.0.0.0/8 or ip=::1"},
    {"network inet peer=(ip=::1),", "1:23+3 '::1' is not an address of this family"},
    {"network ip=1.2.3.4 peer=(ip=::1),", "1:29+3 '::1' is not an address of this family"},
    {"network inet port=99999,",
     "1:19+5 '99999' is not a port or a range of ports; as in port=80 or port=5432-5440"},
    {"network inet port=9-1,", "1:19+3 the range '9-1' ends before it begins"},
    {"network inet port=http,",
     "1:19+4 'http' is not a port or a range of ports; as in port=80 or port=5432-5440"},
    {"network netlink ip=1.2.3.4,", "1:17+2 ip= and port= go with inet and inet6 only"},
    {"network unix peer=(port=1),", "1:20+4 ip= and port= go with inet and inet6 only"},
    {"unix\ndeny unix,", "1:5+1 the rule is not ended by a comma"},
    {"unix # comment\n ,", "1:6+1 a comment cannot stand inside a rule"},
    {"unix peer=(addr=@a,\nunix (send,", "1:11+1 this '(' is not closed"},
    {"unix", "1:5+1 the rule is not ended by a comma"},
    {"unix (send", "1:6+1 this '(' is not closed"},
    {"unix,,", "1:6+1 ',' stands where a rule should"},
    {",", "1:1+1 ',' stands where a rule should"},
    {";", "1:1+1 ';' stands where a rule should"},
    {"}", "1:1+1 this '}' closes nothing"},
    {"unix!", "1:5+1 '!' stands where a condition or the comma that ends the rule should"},
    {"profile x { unix,", "1:11+1 this '{' is never closed"},
    {"profile x { unix }", "1:17+1 the rule is not ended by a comma"},
    {"{ unix,", "1:1+1 this '{' is never closed"},
    {"profile { unix, }", "1:9+1 '{' stands where a profile's name should"},
    {"profile", "1:8+1 the file ends where a profile's name should stand"},
    {"profile \"\" { unix, }", "1:10+1 the profile has no name"},
    {"profile x unix,", "1:11+4 'unix' stands where flags=(...) or '{' should"},
    {"profile x flags=(complian) { unix, }",
     "1:18+8 'complian' is not a profile flag; did you mean 'complain'?"},
    {"profile x flags=() { unix, }", "1:17+1 no flag is named"},
    {"profile x flags=(complain enforce) { unix, }",
     "1:27+7 the flag 'enforce' contradicts 'complain'"},
    {"profile x flags=(complain", "1:17+1 this '(' is not closed"},
    {"profile x (complain) xattrs=(a=b) { unix, }",
     "1:22+6 'xattrs' stands where '{' should"},
    {"profile x path { unix, }", "1:11+4 'path' stands where flags=(...) or '{' should"},
    {"profile x{ unix, bogus, }",
     "1:10+1 a blank is missing before '{'\n1:18+5 'bogus' is not the beginning of a rule"},
    {"profile x /a[ { unix, }", "1:13+1 this [ is never closed"},
    {"profile x { unix, }\nprofile x { unix, }", "2:9+1 there are two profiles named 'x'"},
    {"profile x { profile y { } profile y { } unix, }",
     "1:35+1 there are two profiles named 'y'"},
    {"profile x { /y { unix, } }",
     "1:13+1 a profile within a profile begins with 'profile' or 'hat'"},
    {"profil x { unix (bnd), }",
     "1:1+6 'profil' is not the beginning of a rule; did you mean 'profile'?\n1:18+3 'bnd' is not a permission; did you mean 'bind'?"},
    {"abi <x,", "1:5+1 this '<' has no '>'"},
    {"abi <x>", "1:8+1 the rule is not ended by a comma"},
    {"@{x = a", "1:1+1 a variable is written @{name}"},
    {"@{x} =", "1:3+1 no value is given to @{x}"},
    {"@{x} = a,", "1:9+1 a variable's values are not ended by a comma"},
    {"@{x} = a\n@{x} = b", "2:3+1 @{x} is already set; use += to add values"},
    {"@{x} += a", "1:3+1 += needs a variable that is already set; @{x} is not"},
    {"@{x} = \"a", "1:8+2 this quote is not closed on its line"},
    {"@{x} = a\nunix addr=@@{x},\n@{x} += b\nunx,",
     "3:3+1 @{x} is changed after it was used; set it before the first rule that uses it\n4:1+3 'unx' is not the beginning of a rule; did you mean 'unix'?"},
    {"@{x} = @{y}\n@{y} = @{x}\nunix addr=@@{x},",
     "3:12+4 the variable @{x} is made of itself"},
    {"@{x} = @{x}\nunix addr=@@{x},", "2:12+4 the variable @{x} is made of itself"},
    {"unix addr=@{nope}/x,", "1:11+7 the variable @{nope} is not set"},
    {"@{name} = /x\nunix addr=@{nmae},",
     "2:11+7 the variable @{nmae} is not set; did you mean '@{name}'?"},
    {"unix addr=@{uuid},", "1:11+7 the variable @{uuid} is not set; did you mean '@{uid}'?"},
    {"unix addr=@{XDG_RUNTIME_DIR}/bus,",
     "1:11+18 @{XDG_RUNTIME_DIR} is not known here: nothing in the environment says it"},
    {"@{x} = none\nunix addr=@{x},",
     "2:11+4 'none' is not a socket address; write @name for an abstract name, or a path that begins with /"},
    {"@{x} = /a /b[\nunix addr=/c@{x},", "2:11+6 this [ is never closed in '/c/b['"},
    {"$b = maybe", "1:6+5 the value of $b must be true or false"},
    {"$b += true", "1:2+1 += does not go with $b, which is true or false"},
    {"$b = true false", "1:11+5 'false' stands where the end of the line should"},
    {"$b = true\n$b = false", "2:2+1 $b is already set"},
    {"if $nob { unix, }", "1:5+3 $nob is not set"},
    {"if defined { unix, }", "1:12+1 '{' stands where a variable should"},
    {"if not { unix, }", "1:8+1 '{' stands where $variable, not, defined or '(' should"},
    {"if ($b { unix, }", "1:6+1 $b is not set"},
    {"if true unix,", "1:9+4 'unix' stands where '{' should"},
    {"else { unix, }", "1:1+4 'else' is not the beginning of a rule"},
    {"/x,", "1:3+1 ',' stands where file permissions should"},
    {"/x zz,", "1:4+2 'zz' are not file permissions"},
    {"\"/x y\" rw", "1:10+1 the rule is not ended by a comma"},
    {"rw ,", "1:1+2 'rw' is not the beginning of a rule"},
    {"file /x,", "1:8+1 ',' stands where file permissions should"},
    {"capability chown\nunix,", "1:1+10 the 'capability' rule is not ended by a comma"},
    {"mount options=(rw, bind /a -> /b,\nunix,",
     "1:1+5 the 'mount' rule is not ended by a comma"},
    {"include <nope>",
     "1:10+4 'nope' is in none of the directories that are searched; -I DIR adds a directory to search"},
    {"include \"nope\"\nunxi,",
     "1:10+4 there is no file 'nope'\n2:1+4 'unxi' is not the beginning of a rule; did you mean 'unix'?"},
    {"include nope", "1:9+4 there is no file 'nope'"},
    {"include", "1:8+1 no file is named"},
    {"include <", "1:9+1 this '<' has no '>' on its line"},
    {"include \"a", "1:9+2 this quote is not closed on its line"},
    {"unix,\nbogus,", "2:1+5 'bogus' is not the beginning of a rule"},
    {"bogus,\nprofile x { bogs, unix bogus, }\nunix (x),",
     "1:1+5 'bogus' is not the beginning of a rule\n2:13+4 'bogs' is not the beginning of a rule\n2:24+5 'bogus' is not a permission\n3:7+1 'x' is not a permission"},
    {"deny unix,",
     "0:0+1 nothing is allowed by this policy; add 'allow all,' to a list of denials, or 'deny all,' if that is meant"},
    {"deny unix peer=(addr=/run/docker.sock),",
     "0:0+1 nothing is allowed by this policy; add 'allow all,' to a list of denials, or 'deny all,' if that is meant"},
    {"scope pathname abstract,",
     "0:0+1 nothing is allowed by this policy; scope only denies: add 'allow all,' to allow everything else, or 'deny all,' if that is meant"},
    {"map /a -> /b,", "0:0+1 nothing is allowed by this policy; map allows nothing by itself: add 'allow all,'"},
    {"profile x { }",
     "0:0+1 nothing is allowed by this policy; add 'allow all,' to a list of denials, or 'deny all,' if that is meant"},
    {"unix \303\251,",
     "1:6+2 '\303\251' stands where a condition or the comma that ends the rule should"},
    {"unix (send) unix (receive),", "1:12+1 the rule is not ended by a comma"},
    {"network tcp udp,", "1:13+3 'udp' stands where the comma that ends the rule should"},
    {"network inet stream tcp,",
     "1:21+3 'tcp' stands where the comma that ends the rule should"},
    {"network,\nnewtork,",
     "2:1+7 'newtork' is not the beginning of a rule; did you mean 'network'?"},
    {"allow al,", "1:7+2 'al' is not the beginning of a rule; did you mean 'all'?"},
    {"profile x { unix, ^{ } }", "1:20+1 '{' stands where a profile's name should"},
    {"deny unix (connect) peer=(addr=/run/docker.sock) erno=ENOENT,",
     "1:50+4 'erno' is not a condition of unix rules; did you mean 'errno'?"},
    {"unix (send)\n}",
     "1:12+1 the rule is not ended by a comma\n2:1+1 this '}' closes nothing"},
    {"unix type=stream,addr=@a,", "1:11+14 'stream,addr=@a' is not a socket type"},
    {"include <a> include <b>",
     "1:10+1 'a' is in none of the directories that are searched; -I DIR adds a directory to search\n1:22+1 'b' is in none of the directories that are searched; -I DIR adds a directory to search"},
};

static int differs(struct parsed *p, const struct row *r)
{
    size_t len = strlen(r->says);
    parse_policy(p, r->text, strlen(r->text));
    cr_expect(p->status != 0, "accepted: %s", r->text);
    int wrong = strncmp(p->says, r->says, len) != 0 || strcmp(p->says + len, "\n") != 0;
    cr_expect(!wrong, "%s\n says   %s\n should %s", r->text, p->says, r->says);
    parsed_free(p);
    return wrong;
}

Test(parse_errors, each_mistake_is_named_where_it_stands)
{
    static struct parsed p;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        differs(&p, &rows[i]);
}

/* Rows that are a rule on one line with one mistake in it. */
static bool is_rule(const struct row *r)
{
    return strncmp(r->says, "1:", 2) == 0 && !strpbrk(r->text, "{}\n") && !strchr(r->says, '\n') &&
           strncmp(r->text, "profile", 7) != 0;
}

/* The same mistake between `before` and `after`: one message, a line further down. */
static void check_inside(const char *before, const char *after, bool includes)
{
    static struct parsed p;
    for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++) {
        char text[2048];
        if (!is_rule(r) || (!includes && strstr(r->text, "include")))
            continue;
        stpcpy(stpcpy(stpcpy(text, before), r->text), after);
        parse_policy(&p, text, strlen(text));
        cr_expect(p.status != 0, "accepted: %s", text);
        cr_expect(strncmp(p.says, "2:", 2) == 0 && strncmp(p.says + 2, r->says + 2, 2) == 0, "%s\n says %s", text,
                  p.says);
        parsed_free(&p);
    }
}

Test(parse_errors, they_are_found_in_profiles)
{
    check_inside("profile x {\n", "\nunix,\n}\n", true);
}

/* Files are not included there. */
Test(parse_errors, they_are_found_in_branches_that_are_not_taken)
{
    check_inside("unix, if false {\n", "\nunix,\n}\n", false);
}

Test(parse_errors, all_errors_of_a_file_come_at_once)
{
    static struct parsed p;
    static char text[8192];
    for (int i = 1; i <= 150; i++)
        strcat(text, i % 3 ? "unix (x),\n" : "unix (connect) type=y,\nnetwork,\n");
    parse_policy(&p, text, strlen(text));
    int lines = 0;
    for (const char *s = p.says; (s = strchr(s, '\n')) != NULL; s++)
        lines++;
    cr_expect(lines == 150, "%d messages", lines);
    parsed_free(&p);
}

Test(parse_errors, parsing_stops_after_many)
{
    static struct parsed p;
    static char text[300 * 4 + 1];
    for (int i = 0; i < 300; i++)
        memcpy(text + 4 * i, "ab,\n", 4);
    parse_policy(&p, text, strlen(text));
    cr_expect(strstr(p.says, "200:1+2 'ab'"));
    cr_expect(strstr(p.says, "too many errors; the rest of the policy was not read"));
    cr_expect(!strstr(p.says, "201:"));
    parsed_free(&p);
}

Test(parse_errors, the_line_is_given_whole_and_tabs_stay)
{
    static struct parsed p;
    const char text[] = "unix,\r\n\t\tunix (sent),\r\n";
    parse_policy(&p, text, sizeof text - 1);
    cr_expect_str_eq(p.says, "2:9+4 'sent' is not a permission; did you mean 'send'?\n");
    parsed_free(&p);
}
