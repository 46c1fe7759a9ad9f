# sunshim. `make help` lists the targets.
#
#   CC=clang               another compiler (gcc and clang are supported)
#   SANITIZE=address,undefined | thread
#                          instrumented build, in a build directory of its own
#   PREFIX=/usr/local  DESTDIR=
#                          where `make install` puts things

PREFIX     ?= /usr/local
bindir     ?= $(PREFIX)/bin
libdir     ?= $(PREFIX)/lib
datadir    ?= $(PREFIX)/share
mandir     ?= $(datadir)/man
docdir     ?= $(datadir)/doc/sunshim
VERSION    := $(shell cat VERSION)

comma      := ,
ifneq ($(origin CC),default)
else
CC         := gcc
endif
flavour    := $(if $(filter gcc,$(notdir $(CC))),,-$(notdir $(CC)))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
B          := build$(flavour)

GUARD      := -fstack-protector-strong -fstack-clash-protection
WARN       := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
              -Wwrite-strings -Wpointer-arith -Wcast-align -Wformat=2
HARDEN      = $(GUARD) -ffunction-sections -fdata-sections -fPIC
SANFLAGS   := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
OPT        ?= -O2 -g
CPPFLAGS   += -D_GNU_SOURCE -DSUNSHIM_VERSION='"$(VERSION)"' -I.
ALL_CFLAGS  = -std=gnu11 $(OPT) $(SMALL) $(WARN) $(HARDEN) $(SANFLAGS) -fvisibility=hidden -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -Wl,-z,relro,-z,now,-z,noexecstack $(SANFLAGS) $(LDFLAGS)
# Only outside the shim: fortified headers define recv() and recvfrom() inline,
# and the shim has to define them itself.
FORTIFY    := $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)

policy_src := $(wildcard policy/*.c)
domain_src := $(wildcard domain/*.c)
shim_src   := $(wildcard shim/*.c shim/calls/*.c) $(domain_src)
cli_src    := $(wildcard cli/*.c) $(domain_src)
test_src   := $(wildcard tests/*.c tests/unit/*.c tests/tables/*.c tests/e2e/*.c tests/abi/*.c) $(domain_src)
prog_src   := $(wildcard tests/progs/*.c)
# Short lines; V=1 shows the commands.
Q          := $(if $(V),,@)
say         = $(if $(V),@:,@printf '  %-5s %s\n' '$(1)' '$(2)')
obj         = $(patsubst %.c,$(B)/%.o,$(1))

.PHONY: all help
all: $(B)/libsunshim.so $(B)/sunshim ## build the library and the command

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile mk/*.mk 2>/dev/null
	@echo
	@sed -n 's/^#   //p' Makefile | head -n 5

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(if $(filter shim/%,$<),,$(FORTIFY)) $(ALL_CFLAGS) $(EXTRA) -c -o $@ $<

# Smaller than -Os where the compiler can: clang, and gcc from 12 on. The least there is does
# without what makes loops faster: tests at both ends, constants and addresses kept in registers; and what
# stands in several functions of a file becomes one of its own.
tiny       := $(shell $(CC) -Oz -E -x c /dev/null >/dev/null 2>&1 && echo -Oz || echo -Os)
smaller    := $(tiny) $(if $(findstring clang,$(CC)),$(addprefix -mllvm ,-disable-lsr -disable-machine-licm -enable-pre=false) -fno-jump-tables)
least      := $(smaller) $(if $(findstring clang,$(CC)),-mllvm -enable-machine-outliner=always,\
                -fno-inline-small-functions -fno-tree-ch -fno-move-loop-invariants -fno-tree-loop-im -fno-caller-saves -fno-tree-dominator-opts)
# What runs once in a process, or beside system calls that cost far more, need not be
# fast; every page of the library is read at every exec.
cold       := $(addprefix shim/,calls/bind_below calls/exec calls/spawn calls/command calls/files calls/files_call calls/files_realpath environment format format_apparmor unseen \
                follow inherit log quote say search load files record start domain real scope remember process \
                identity diag inet_diag held confirm tally free descriptors inherited helper repair suspects shorten path place reserve reach patience spare gone readback alias map whole inject) \
              $(addprefix policy/,diag include inject parse_inject parse_profile parse_scope map parse_map maps parse_if words defer open select parse_file \
                socket_words socket_conds parse_address vars expand hint) $(addprefix domain/,alias anon passed table_file table_pending) \
              domain/longnames domain/shorten domain/shorten_keeps
# Calls beneath which the kernel works for a microsecond and more.
modest     := $(addprefix policy/,glob ip layers) $(addprefix shim/calls/,accept bind connect listen message names options receive recv recvmmsg recvmsg \
                send sendmmsg sendmsg socket syscall) $(addprefix shim/,park pin procfd scratch sys trace) $(addprefix domain/,counts lines)
$(patsubst %,$(B)/%.o,$(modest)): OPT += $(smaller)
# On the way of every call under a policy: as fast when small (bench/run.pl: 1 % of a connect).
lean       := $(addprefix shim/,address facts mediate settled track)
$(patsubst %,$(B)/%.o,$(lean)): OPT += $(if $(findstring clang,$(CC)),$(smaller),-Os)
# clang decides in 57 ns instead of 51 so (bench/decide), and a ring is as fast (bench/table); gcc loses more.
brisk      := policy/decide policy/match policy/text $(addprefix domain/,claim head ring)
$(patsubst %,$(B)/%.o,$(brisk)): OPT += $(if $(findstring clang,$(CC)),$(smaller))
# Compiles policies, in the constructor or the command: 100 rules start as fast as before, with fewer pages to read.
compiling  := $(addprefix policy/,arena conds defer diag expand filter include index layout lex lists maps names passed \
                parse parse_address parse_file parse_if parse_map parse_prefix parse_profile parse_scope parse_socket policy rules slots \
                socket_conds socket_words tree vars)
$(patsubst %,$(B)/%.o,$(sort $(cold) $(compiling))): OPT += $(least)
# With its least code gcc compiles 100 rules in a quarter more time.
$(B)/policy/filter.o: OPT += $(if $(findstring clang,$(CC)),,-Os)
# Tables for unwinding are a tenth of the library. Threads are cancelled in calls that can wait, and what a
# signal handler throws goes through those: they keep theirs (shim/calls and shim/patience alone call the C
# library for the program). Through the rest only asynchronous cancellation and pthread_exit() in a handler could go: they
# end the thread all the same, without the destructors between there and the next cleanup handler.
# Debuggers read other tables, which are in the library until it is stripped.
at_once    := $(addprefix shim/calls/,bind bind_below exec listen names options socket spawn)
unwound    := $(filter-out $(at_once),$(patsubst %.c,%,$(wildcard shim/calls/*.c))) shim/reach shim/patience
# Loops run over the few bytes of a name.
loops      := $(if $(findstring clang,$(CC)),-fno-unroll-loops -fno-vectorize -fno-slp-vectorize -falign-loops=1,-fno-align-loops -fno-align-jumps)
$(addprefix $(B)/,shim/%.o policy/%.o domain/%.o): SMALL = $(loops) \
    $(if $(SANITIZE)$(filter $(unwound:%=%.c),$<),,-fno-asynchronous-unwind-tables)
# Canaries where there are buffers. The strong kind has them wherever a local's address is passed on, too, which is
# nearly everywhere here and 4 % of the library; it stays where arrays of something other than bytes are filled
# up to what is counted.
arrays     := $(addprefix policy/,decide expand glob open rules slots tree) shim/calls/sendmmsg
$(addprefix $(B)/,shim/%.o policy/%.o domain/%.o): GUARD = -fstack-protector$(if $(filter $(arrays:%=%.c),$<),-strong) $(PROBES)
# No page of the stack is passed over by a frame that is smaller than one: the compiler says if it is not.
PROBES     := $(if $(SANITIZE),-fstack-clash-protection,-Wframe-larger-than=4095 -Walloca)
$(call obj,$(wildcard policy/lint*.c) policy/glob.c policy/index.c shim/calls/exec.c): PROBES = -fstack-clash-protection
# Sixty functions of one jump each, without the headers that declare them: they are never on
# the way of what is unwound.
$(B)/shim/calls/files.o: OPT += -fno-builtin $(if $(SANITIZE),,-fno-asynchronous-unwind-tables)

$(B)/shim/%.o: EXTRA = -fstack-usage
$(B)/policy/%.o: EXTRA = -fstack-usage

$(B)/libpolicy.a: $(call obj,$(policy_src))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

# The constructor must run before those of other libraries: their calls are
# mediated too. Nothing but the interposed calls is exported. Code and constants
# share a segment: two mappings fewer at each exec of each program.
$(B)/libsunshim.so: $(call obj,$(shim_src)) $(B)/libpolicy.a shim/libsunshim.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(ALL_LDFLAGS) -Wl,-z,initfirst -Wl,-z,defs -Wl,-z,noseparate-code -Wl,--version-script=shim/libsunshim.map \
	    -Wl,-soname,libsunshim.so -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,--hash-style=gnu -o $@ $(filter %.o %.a,$^) -ldl

$(B)/sunshim: $(call obj,$(cli_src)) $(B)/libpolicy.a $(B)/libsunat.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -pthread -o $@ $^ -ldl

-include $(wildcard mk/*.mk)
-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build build-*
