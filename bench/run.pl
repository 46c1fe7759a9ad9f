#!/usr/bin/perl
# run.pl BUILD [ROUNDS] [ROW...]: the table of `make bench`.
#
# Every variant of every row runs once per round, in a process of its own, one
# after the other; a cell is the median over the rounds of (variant / native in
# the same round), so that a machine that slows down for a while slows both.
# Needs perl-base only. Prints the budget beside the figure and judges nothing.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);

my $build = abs_path(shift // 'build') or die "run.pl: no build directory\n";
my $rounds = @ARGV && $ARGV[0] =~ /^\d+$/ ? shift : 9;
my %wanted = map { $_ => 1 } @ARGV;
my $ms = 40; # per process

my $root = `mktemp -d /tmp/sunshim-bench-XXXXXX`;
chomp $root;
my $main = $$;
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
END { system 'rm', '-rf', $root if $main == $$ && $root }

# Socket names of 60 bytes, a usual length: .../dgram.sock ends there.
my $dir = abs_path($root) . '/run/a-service/';
$dir .= 'x' x (60 - length("/stream.sock") - length $dir);
system('mkdir', '-p', $dir, "$root/sw") == 0 or die;

# --- Policies ---------------------------------------------------------------

# What a row adds to the rules that all of them need.
my %extra = (
    path => 'unix (receive) peer=(addr=none),',
    type => 'unix (bind) type=seqpacket addr=auto,',
    unix => 'unix (send, receive),',
    all  => 'network (send, receive),',
    mapped => "unix (connect, receive) peer=(addr=none),\nmap $dir/mapped.sock -> fd:bench,",
    inject => "unix (receive) peer=(addr=none),\ninject unix (connect) peer=(addr=$dir/other.sock) errno=ECONNREFUSED when=2,",
);

# Those rules, after $n others that look like a real policy's.
sub policy {
    my ($n, $kind) = @_;
    my $file = "$root/$kind$n.policy";
    return $file if -e $file;
    open my $f, '>', $file or die "$file: $!\n";
    for my $i (1 .. $n) {
        print $f $i % 5
            ? "unix (connect, send, receive) peer=(addr=/srv/app$i/run/worker-*.sock),\n"
            : "unix (bind, listen) addr=\@service-$i-[0-9]*,\n";
    }
    print $f <<"END";
unix (create, accept, getattr, getopt, setopt, shutdown),
unix (bind, listen) addr=$dir/*,
unix (bind, listen) addr=@*,
unix (bind) addr=auto,
unix (connect, send, receive) peer=(addr=$dir/*),
unix (connect) peer=(addr=@*),
network inet,
$extra{$kind}
END
    close $f;
    return $file;
}

# Policies that need the memory of a run.
my %remembering = (
    scope  => "allow all,\nscope pathname abstract,\n",
    inside => "network (create, bind, listen, accept, receive, getattr, getopt, setopt, shutdown),\n"
        . "network (connect, send) peer=(scope=inside),\n",
);

sub in_run {
    my ($kind) = @_;
    return ("$build/sunshim", 'run', '-p', write_file("$kind.policy", $remembering{$kind}), '--');
}

# --- Variants: name, environment, words before the command -------------------

my $shim = "$build/libsunshim.so";
-e $shim or die "run.pl: no $shim; ld.so would only warn and the figures would be lies\n";
my ($lib) = grep { -d } '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64';

sub first_file { (grep { -e } @_)[0] }

sub write_file {
    my ($name, $text) = @_;
    open my $f, '>', "$root/$name" or die;
    print $f $text;
    close $f;
    return "$root/$name";
}

my $sw = first_file("$lib/libsocket_wrapper.so");
my $tor = first_file("$lib/torsocks/libtorsocks.so");
my $chain = first_file("$lib/libproxychains.so.4");
my ($strace) = grep { -x } map { "$_/strace" } split /:/, $ENV{PATH};
my ($valgrind) = grep { -x } map { "$_/valgrind" } split /:/, $ENV{PATH};

my %variant = (
    native => { env => {} },
    empty  => { env => { LD_PRELOAD => "$build/bench/empty.so" } },
    shim   => { env => { LD_PRELOAD => $shim } },
    (map { my $n = $_; ($n => { env => { LD_PRELOAD => $shim }, rules => $n }) } 10, 100, 1000, 10000),
    scope => { before => [in_run('scope')] },
    inside => { before => [in_run('inside')] },
    nested => { before => [in_run('scope'), in_run('scope')] },
    track => { before => ["$build/sunshim", 'run', '--track', '--'] },
    plain => { before => ["$build/sunshim", 'run', '--'] },
    long => { before => ["$build/sunshim", 'run', '--long-paths', '--'] },
    landlock => { before => ["$build/bench/landlock"] },
    run10 => { before => ["$build/sunshim", 'run', '-p', policy(10, 'path'), '--'] },
    mapped => { before => ["$build/sunshim", 'run', '--anon', 'bench', '-p', policy(10, 'mapped'), '--'] },
    inject => { before => ["$build/sunshim", 'run', '-p', policy(10, 'inject'), '--'] },
    run1000 => { before => ["$build/sunshim", 'run', '-p', policy(1000, 'path'), '--'] },
    socket_wrapper => $sw && { env => { LD_PRELOAD => $sw, SOCKET_WRAPPER_DIR => "$root/sw",
                                        SOCKET_WRAPPER_DEFAULT_IFACE => 10 } },
    torsocks => $tor && { env => { LD_PRELOAD => $tor, TORSOCKS_LOG_LEVEL => 1, TORSOCKS_CONF_FILE =>
                                   write_file('tor.conf', "AllowOutboundLocalhost 2\nAllowInbound 1\n") } },
    proxychains4 => $chain && { env => { LD_PRELOAD => $chain, PROXYCHAINS_QUIET_MODE => 1,
                                         PROXYCHAINS_CONF_FILE => write_file('chain.conf',
        "strict_chain\nquiet_mode\nlocalnet 127.0.0.0/255.0.0.0\n[ProxyList]\nsocks4 127.0.0.1 9\n") } },
    strace => $strace && { before => [$strace, '-f', '-o', "$root/strace.out"] },
    logged => { before => ["$build/sunshim", 'run', '--log', "$root/trace.log", '--'] },
    traced => { before => ["$build/sunshim", 'run', '--trace', '--log', "$root/trace.log", '--'] },
    trace => { before => ["$build/sunshim", 'trace', '-o', "$root/trace.out", '--'] },
    strace_net => $strace && { before => [$strace, '-f', '-e', 'trace=%network', '-o', "$root/strace.out"] },
    strace_bpf => $strace && { before => [$strace, '-f', '--seccomp-bpf', '-e', 'trace=%network', '-o', "$root/strace.out"] },
);
my @ours = qw(empty shim 10 1000 10000);
my @peers = qw(socket_wrapper torsocks proxychains4 strace);

my %why; # what went wrong, for the notes under the table

# Runs a command in a variant; its output, or undef.
sub measure {
    my ($name, $kind, @command) = @_;
    my $v = $variant{$name} or return undef;
    my $pid = open my $out, '-|';
    if (!$pid) {
        $ENV{$_} = $v->{env}{$_} for keys %{ $v->{env} || {} };
        $ENV{SUNSHIM_POLICY} = policy($v->{rules}, $kind) if $v->{rules};
        open STDERR, '>', "$root/stderr";
        exec @{ $v->{before} || [] }, @command or exit 127;
    }
    my $line = <$out>;
    close $out;
    return $line if defined $line && $? == 0;
    my ($error) = `head -n 1 $root/stderr` =~ /(.*)/;
    my ($op) = "@command" =~ m{/calls (\S+)};
    $why{"$op, $name"} //= $error;
    return undef;
}

sub median {
    my @s = sort { $a <=> $b } grep { defined } @_;
    return @s ? $s[$#s / 2] : undef;
}

# --- Rows ---------------------------------------------------------------------

# name, operation, what the policy has besides (%extra), budget
my @rows = (
    ['any call (send, EBADF)',        'badfd',      'path', 'no policy: +5 ns, 0 calls'],
    ['socket+close',                  'socket',     'path', '1.05, 0 calls'],
    ['socketpair+close',              'socketpair', 'path', '1.05, 0 calls'],
    ['socket+autobind+close',         'autobind',   'path', '1.05, 0 calls'],
    ['  a rule asks for the type',    'autobind',   'type', '1.05, 1 call'],
    ['abstract connect+accept+close', 'abstract',   'path', '1.05, 0 calls'],
    ['inet sendto (UDP)+read',        'udp',        'path', '1.05, 0 calls'],
    ['inet connect+accept+close',     'tcp',        'path', '1.05, 0 calls'],
    ['path connect+accept+close',     'connect',    'path', '1.60, 2 calls'],
    ['  the same through a symlink',  'symlink',    'path', '2.00'],
    ['path sendto+read',              'sendto',     'path', '3.00'],
    ['send+recv, granted for all',    'sendrecv',   'all',  '0 calls'],
    ['  granted for unix',            'sendrecv',   'unix', '1.60'],
    ['  granted by path of the peer', 'sendrecv',   'path', '1.60'],
);

sub show {
    my ($title, @cells) = @_;
    printf "%-30s %8s", $title, shift @cells;
    printf " %7s", $_ for @cells[0 .. 4];
    printf " |";
    printf " %7s", $_ for @cells[5 .. 8];
    print $cells[9] ? "  $cells[9]\n" : "\n";
}

my @heading = ('none', 'shim', '10', '1,000', '10,000', 's_wrap', 'torsock', 'proxych', 'strace');

sub time_row {
    my ($title, $op, $kind, $budget) = @{ $_[0] };
    my (%ratio, %ns);
    for (1 .. $rounds) {
        my %round = map { $_ => measure($_, $kind, "$build/bench/calls", $op, $dir, $ms) } 'native', @ours, @peers;
        defined $round{native} or return show($title, ('-') x 10);
        for (keys %round) {
            next unless defined $round{$_};
            push @{ $ns{$_} }, $round{$_};
            push @{ $ratio{$_} }, $round{$_} / $round{native};
        }
    }
    my $native = median(@{ $ns{native} });
    my $cell = sub {
        my $r = median(@{ $ratio{ $_[0] } || [] });
        return '-' unless defined $r;
        # A call of a few dozen ns: the difference says more than the ratio.
        return sprintf '%+.0f ns', ($r - 1) * $native if $op eq 'badfd' && $_[0] ne 'strace';
        return sprintf $r < 10 ? '%.2f' : '%.0f', $r;
    };
    show($title, $native < 1000 ? sprintf('%.0f ns', $native) : sprintf('%.2f us', $native / 1000),
        (map { $cell->($_) } @ours, @peers), $budget);
}

sub count_row {
    my ($title, $op, $kind) = @{ $_[0] };
    my @cells;
    my @native = split ' ', measure('native', $kind, "$build/bench/count", "$build/bench/calls", $op, $dir, 0) // '';
    @native == 2 or return show($title, '-', ('-') x 9);
    for (@ours, @peers) {
        my $line = $_ eq 'strace' ? undef : measure($_, $kind, "$build/bench/count", "$build/bench/calls", $op, $dir, 0);
        my @got = split ' ', $line // '';
        push @cells, @got == 2 ? sprintf('%d+%d', $got[0] - $native[0] + 0.5, $got[1] - $native[1]) : '-';
    }
    show($title, sprintf('%d+%d', @native), @cells);
}

my @chosen = grep { !%wanted || $wanted{ $_->[1] } } @rows;

chomp(my $kernel = `uname -r`);
print "sunshim on Linux $kernel, ", scalar(() = `cat /proc/cpuinfo` =~ /^processor/mg), " processors, $rounds rounds\n\n";
$| = 1;
if (@chosen) {
    print "Time: native, then ratios to native. Columns: an empty preload, sunshim without policy, with 10, 1,000\n",
          "and 10,000 rules | other tools. Budgets are for sunshim under a policy.\n\n";
    show('', 'native', @heading, 'budget');
    time_row($_) for @chosen;
    print "\nExtra system calls + extra user-space instructions for each operation (native: the number itself).\n\n";
    show('', 'native', @heading);
    count_row($_) for @chosen;
}

# --- Single figures -------------------------------------------------------------

# User-space instructions from exec to exit, the dynamic linker's included; undef
# where callgrind is not there. (It starts at the beginning, which `count` cannot.)
sub start_instructions {
    my ($name) = @_;
    return undef unless $valgrind && $variant{$name} && $name ne 'strace';
    measure($name, 'path', 'sh', '-c', 'exec "$@" 2>&1 | sed -n "s/.*Collected : //p"', 'sh',
        $valgrind, '--tool=callgrind', '--callgrind-out-file=/dev/null', $ENV{BENCH_NOTHING});
}

sub exec_figures {
    $ENV{BENCH_NOTHING} = "$build/bench/nothing";
    my @kinds = ('empty', 'shim', '100', 'run1000', 'plain', 'long', 'scope', 'track', 'traced', 'landlock', @peers);
    my (%ratio, @native);
    for (1 .. $rounds) {
        my %round = map { $_ => measure($_, 'path', "$build/bench/calls", 'exec', $dir, 100) } 'native', @kinds;
        defined $round{native} or return print "\nStarting a small program: failed\n";
        push @native, $round{native};
        for (@kinds) { push @{ $ratio{$_} }, $round{$_} / $round{native} if defined $round{$_} }
    }
    my %title = (empty => 'an empty preload', shim => 'sunshim without policy',
        100 => '100 rules as text (SUNSHIM_POLICY)', run1000 => '1,000 rules under sunshim run',
        scope => 'a scope under sunshim run', plain => 'sunshim run', long => 'sunshim run --long-paths', track => 'sunshim run --track', traced => 'sunshim run --trace', landlock => "Landlock's scope");
    my %budget = (100 => '1.12', run1000 => '1.15');
    my $base = start_instructions('native');
    printf "\nStarting a small program (exec to wait): native %.0f us", median(@native) / 1000;
    printf ", %d thousand instructions (callgrind)", $base / 1000 if $base;
    print "\n";
    for (@kinds) {
        my $r = median(@{ $ratio{$_} || [] });
        my $more = start_instructions($_);
        printf "  %-36s %s%s%s\n", $title{$_} // $_, !$variant{$_} ? 'not installed' : defined $r ? sprintf('%.2f', $r) : '-',
            defined $more ? sprintf('  %+6d thousand', ($more - $base) / 1000) : '', $budget{$_} ? "   budget $budget{$_}" : '';
    }
}

# --- Runs that remember ------------------------------------------------------

my @memories = qw(scope inside nested track landlock);

# name, operation, budget
my @run_rows = (
    ['socket+close',                  'socket',        'tracked 1.25'],
    ['socketpair+close',              'socketpair',    ''],
    ['path bind+close+unlink',        'bind-path',     '1.10'],
    ['abstract bind+close',           'bind-abstract', '1.10'],
    ['inet bind+close',               'bind-inet',     '1.10'],
    ['autobind+close',                'autobind',      '1.10'],
    ['path connect+accept+close',     'connect',       'handle ~1 us'],
    ['abstract connect+accept+close', 'abstract',      'confirmed 35 us'],
    ['inet connect+accept+close',     'tcp',           ''],
    ['path sendto+read',              'sendto',        ''],
    ['send+recv, connected',          'sendrecv',      ''],
);

# Time over native, and what each operation takes more, in the same cell.
sub run_row {
    my ($title, $op, $budget) = @{ $_[0] };
    my (%ratio, @native);
    for (1 .. $rounds) {
        my %round = map { $_ => measure($_, 'path', "$build/bench/calls", $op, $dir, $ms) } 'native', @memories;
        defined $round{native} or last;
        push @native, $round{native};
        for (@memories) { push @{ $ratio{$_} }, $round{$_} / $round{native} if defined $round{$_} }
    }
    my $native = median(@native) // return print "$title: failed\n";
    my @base = split ' ', measure('native', 'path', "$build/bench/count", "$build/bench/calls", $op, $dir, 0) // '';
    printf "%-30s %8s", $title, sprintf '%.2f us', $native / 1000;
    for (@memories) {
        my @got = split ' ', measure($_, 'path', "$build/bench/count", "$build/bench/calls", $op, $dir, 0) // '';
        my $r = median(@{ $ratio{$_} || [] });
        printf " %16s", !defined $r ? '-' : sprintf('%.2f', $r)
            . (@got == 2 && @base == 2 ? sprintf(' %d+%d', $got[0] - $base[0] + 0.5, $got[1] - $base[1]) : '');
    }
    print $budget ? "  $budget\n" : "\n";
}

sub run_figures {
    my @rows = grep { !%wanted || $wanted{run} || $wanted{ $_->[1] } } @run_rows or return;
    print "\nUnder sunshim run, with a memory: time over native, extra system calls + instructions. Columns: 'scope pathname\n",
          "abstract,'; rules with scope=inside; the first, twice nested; --track without a policy. For comparison:\n",
          "Landlock's scope, which is about abstract names.\n\n";
    printf "%-30s %8s", '', 'native';
    printf " %16s", $_ for @memories;
    print "  budget\n";
    run_row($_) for @rows;
}

# --- Long names ------------------------------------------------------------------

# The operation with a name of 240 bytes beside the same with one of 60, natively: nothing else can do it.
sub long_row {
    my ($title, $op) = @{ $_[0] };
    my $long = "$root/" . join '/', map { $_ x 50 } 'a' .. 'd';
    my (%ratio, @native);
    system('mkdir', '-p', $long) == 0 or die;
    for (1 .. $rounds) {
        my $native = measure('native', 'path', "$build/bench/calls", $op, $dir, $ms) or last;
        push @native, $native;
        for ('shim', 'plain') {
            my $got = measure($_, 'path', "$build/bench/calls", $op, $long, $ms);
            push @{ $ratio{$_} }, $got / $native if defined $got;
        }
    }
    my $native = median(@native) // return print "$title: failed\n";
    my @base = split ' ', measure('native', 'path', "$build/bench/count", "$build/bench/calls", $op, $dir, 0) // '';
    printf "%-30s %8s", $title, sprintf '%.2f us', $native / 1000;
    for ('shim', 'plain') {
        my @got = split ' ', measure($_, 'path', "$build/bench/count", "$build/bench/calls", $op, $long, 0) // '';
        my $r = median(@{ $ratio{$_} || [] });
        printf " %16s", !defined $r ? '-' : sprintf('%.2f', $r)
            . (@got == 2 && @base == 2 ? sprintf(' %d+%d', $got[0] - $base[0] + 0.5, $got[1] - $base[1]) : '');
    }
    print "\n";
}

sub long_figures {
    print "\nNames of 240 bytes: time over native with a name of 60, extra system calls + instructions. Columns: the library alone;\n",
          "sunshim run.\n\n";
    long_row($_) for ['path bind+close+unlink', 'bind-path'], ['path connect+accept+close', 'connect'],
        ['path sendto+read', 'sendto'], ['getsockname', 'getsockname'];
}

sub memory_figures {
    my %kib = map { $_ => measure($_, 'path', "$build/bench/calls", 'memory', $dir) } 'native', 'empty', 'shim', 10, 1000, 10000, 'run1000', 'scope', 'track';
    print "\nMemory a process writes to, beyond native, KiB (budget 64):";
    printf " %s %s;", $_->[1], defined $kib{ $_->[0] } ? $kib{ $_->[0] } - $kib{native} : '-'
        for ['empty', 'empty preload'], ['shim', 'no policy'], [10, '10 rules'], [1000, '1,000'], [10000, '10,000'],
            ['run1000', '1,000 under sunshim run'], ['scope', 'a scope'], ['track', '--track'];
    print "\n";
    my $stripped = "$root/stripped.so";
    system 'strip', '-o', $stripped, $shim;
    printf "Library on disk: %d KiB, stripped %d KiB (budget 250)\n", (-s $shim) / 1024, (-s $stripped // 0) / 1024;
}

sub decision_figures {
    print "\nDecision alone, with mixed rules (budget 200 ns, within 2x from 10 to 10,000 rules; $build/bench/decide has\n",
          "other shapes):\n";
    system "$build/bench/decide", 'mixed';
}

sub table_figures {
    my %budget = (hit => 300, miss => 300);
    my %title = (key => 'key of a file handle', hit => 'probe, there', miss => 'probe, not there', replace => 'put, there',
        'put+drop' => 'put, not there, and drop', 'begin+end' => 'begin and end of a bind', busy => 'busy',
        ring_put => 'ring: put', ring_get => 'ring: get');
    print "\nThe memory of a run with 100,000 entries, random keys (ns):\n";
    for (`$build/bench/table`) {
        my ($name, $ns) = split;
        printf "  %-36s %6d%s\n", $title{$name} // $name, $ns, $budget{$name} ? "   budget $budget{$name}" : '';
    }
}

# Extra system calls + instructions of $way beside $plain, each a list for `count`.
sub extra {
    my @got = map { [split ' ', measure(shift @$_, 'path', "$build/bench/count", @$_) // ''] } @_;
    return grep({ @$_ != 2 } @got) ? '-' : sprintf '%d+%d', $got[1][0] - $got[0][0] + 0.5, $got[1][1] - $got[0][1];
}

# The library itself takes turns; nothing is preloaded. On the disk and in memory: a bind makes a file.
sub sunat_figures {
    my ($parent) = @_;
    my %budget = ('bind sunat_bind' => 1.25, 'connect sunat_connect' => 1.60);
    chomp(my $top = `mktemp -d $parent/sunshim-bench-XXXXXX`);
    my $where = "$top/" . 'x' x (60 - length("/s.sock") - length("$top/"));
    mkdir $where or die "$where: $!\n";
    my %plain;
    print "\nlibsunat: connect+accept+close, bind alone, and bind+close+unlink, in $parent: time, ratio to the plain call with\n",
          "a name of 60 bytes, extra system calls + instructions (a child's are not counted).\n\n";
    for (`$build/bench/sunat $where`) {
        my ($operation, $way, $us, $ratio) = split;
        my @count = ('native', "$build/bench/sunat", $where, $operation);
        my $budget = $budget{"$operation $way"};
        my $more = $plain{$operation} ? extra([@count, $plain{$operation}], [@count, $way]) : '-';
        $plain{$operation} //= $way;
        printf "  %-8s %-26s %8.2f us %7.2f %12s%s\n", $operation, $way =~ s/,(.*)/', ' . $1 =~ tr{_}{ }r/er, $us, $ratio, $more,
            $budget ? "   budget $budget" : '';
    }
    system 'rm', '-rf', $top;
}

# A path connect, one that a rule maps to a socket without a name, and one that no inject rule is about but might.
sub mapped_figures {
    my (%ratio, @native);
    my %op = (native => 'connect', run10 => 'connect', mapped => 'mapped', inject => 'connect');
    for (1 .. $rounds) {
        my %round = map { $_ => measure($_, 'path', "$build/bench/calls", $op{$_}, $dir, $ms) } keys %op;
        defined $round{native} or last;
        push @native, $round{native};
        for (keys %op) { push @{ $ratio{$_} }, $round{$_} / $round{native} if defined $round{$_} }
    }
    printf "\nUnder sunshim run: path connect+accept+close native %.2f us; ratios, extra calls + instructions:\n\n", (median(@native) // 0) / 1000;
    for (['run10', '10 rules'], ['mapped', '10 rules, and map NAME -> fd:'], ['inject', '10 rules, and inject for another']) {
        my ($variant, $title) = @$_;
        my $r = median(@{ $ratio{$variant} || [] });
        printf "  %-35s %22s %12s\n", $title, defined $r ? sprintf('%.2f', $r) : '-',
            extra(map { [$_, "$build/bench/calls", $op{$_}, $dir, 0] } 'native', $variant);
    }
}

# --- Tracing -----------------------------------------------------------------

my @tracers = qw(logged traced trace strace_bpf strace_net strace);

# name, operation, budget of `traced`
my @trace_rows = (
    ['path connect+accept+close',     'connect',  '2.00'],
    ['abstract connect+accept+close', 'abstract', ''],
    ['inet connect+accept+close',     'tcp',      ''],
    ['path sendto+read',              'sendto',   ''],
    ['send+recv, connected',          'sendrecv', ''],
);

# Half a second each, which is many times what the queue between the program and its launcher holds.
sub trace_row {
    my ($title, $op, $budget) = @{ $_[0] };
    my (%ratio, @native);
    for (1 .. $rounds) {
        my %round = map {
            unlink glob "$root/*trace.{log,out}";
            $_ => measure($_, 'path', "$build/bench/calls", $op, $dir, 500)
        } 'native', @tracers;
        defined $round{native} or last;
        push @native, $round{native};
        for (@tracers) { push @{ $ratio{$_} }, $round{$_} / $round{native} if defined $round{$_} }
    }
    my $native = median(@native) // return print "$title: failed\n";
    printf "%-30s %8s", $title, sprintf '%.2f us', $native / 1000;
    for (@tracers) {
        my $r = median(@{ $ratio{$_} || [] });
        my $more = /strace/ ? '-' : extra(map { [$_, "$build/bench/calls", $op, $dir, 0] } 'native', $_);
        printf /strace/ ? ' %8s' : ' %16s', !defined $r ? '-' : sprintf($r < 10 ? '%.2f' : '%.0f', $r) . ($more eq '-' ? '' : " $more");
    }
    print $budget ? "  $budget\n" : "\n";
}

sub trace_figures {
    print "\nTraced to a file: time over native, extra system calls + instructions. Columns: sunshim run --log; with --trace;\n",
          "sunshim trace -o | strace -f -o of the network calls with --seccomp-bpf, of those without it, of all calls.\n\n";
    printf '%-30s %8s', '', 'native';
    printf ' %16s', $_ for 'run', 'run --trace', 'trace';
    printf ' %8s', $_ for 'bpf', 'network', 'all';
    print "  budget\n";
    trace_row($_) for @trace_rows;
}

# Records a second from 50 processes at once, from the start of the launcher to its end: all that it is given is written.
# And lines a second of a log that is there already.
sub now { `date +%s%N` / 1e9 }

sub storm_figures {
    my $records = 50 * 4000;
    my $log = "$root/storm.log";
    my @ways = (['run --trace --log', 'run', '--trace', '--log', $log, '--'], ['trace -o', 'trace', '-o', "$root/storm.out", '--'],
        ['trace --json -o', 'trace', '--json', '-o', "$root/storm.out", '--'], ['trace --from', 'trace', '--from', $log, '-o', "$root/storm.out"]);
    my %rate;
    for (1 .. $rounds) {
        for (@ways) {
            my ($title, @words) = @$_;
            my @storm = $words[-1] eq '--' ? ("$build/tests/native/linestorm", 50, $records / 50) : ();
            unlink $words[-1] eq '--' ? $words[-2] : $words[-1];
            my $began = now();
            system("'$build/sunshim' @words @storm 2>$root/stderr") == 0 and push @{ $rate{$title} }, $records / (now() - $began);
        }
    }
    print "\nRecords a second from 50 processes, and of a log (thousand):\n";
    printf "  %-36s %6s\n", $_, defined $rate{$_} ? sprintf('%d', median(@{ $rate{$_} }) / 1000) : '-' for map { $_->[0] } @ways;
}

exec_figures() if !%wanted || $wanted{exec};
run_figures();
trace_figures() if !%wanted || $wanted{trace};
storm_figures() if !%wanted || $wanted{storm};
long_figures() if !%wanted || $wanted{long};
if (!%wanted || $wanted{sunat}) { sunat_figures($_) for grep { -d && -w } '/tmp', '/dev/shm' }
mapped_figures() if !%wanted || $wanted{sunat};
memory_figures() if !%wanted || $wanted{memory};
decision_figures() if !%wanted || $wanted{decide};
table_figures() if !%wanted || $wanted{table};
my @missing = grep { !$variant{$_} } @peers;
print "\nnot installed: @missing\n" if @missing;
print "\nCells with - could not run there:\n", map { "  $_: $why{$_}\n" } sort keys %why if %why;
