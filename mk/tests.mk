# make check, and what it needs.
#
# One test binary, tests/all, which runs programs in children. tests/progs/X.c
# is built twice: native/X is the program as written, progs/X is what runs under
# the shim. In plain builds both are the same file, preloaded or not. With
# SANITIZE= the shim's objects are linked into progs/X instead (an executable's
# symbols come first), because an instrumented library cannot be preloaded into
# ordinary programs.
#
# Criterion does not run under ThreadSanitizer; its tests have no threads of
# their own, so with SANITIZE=thread only the programs are instrumented, and
# the tests that run none are left out.

TEST_BUILD    ?= $(abspath $(B))
TEST_SANITIZE ?= $(SANITIZE)
TEST_TIMEOUT  ?= 120
TEST_JOBS     ?= 2

$(B)/tests/%.o: EXTRA = -DTEST_BUILD='"$(TEST_BUILD)"' -DTEST_TOP='"$(CURDIR)"' \
                        -DTEST_SANITIZED=$(if $(TEST_SANITIZE),1,0)

prog_names := $(patsubst tests/progs/%.c,%,$(filter-out tests/progs/lib%,$(prog_src)))
prog_libs  := $(patsubst tests/progs/%.c,%,$(filter tests/progs/lib%,$(prog_src)))
native     := $(prog_names:%=$(B)/tests/native/%) $(prog_libs:%=$(B)/tests/native/%.so)
progs      := $(prog_names:%=$(B)/tests/progs/%) $(prog_libs:%=$(B)/tests/progs/%.so)
PROG_FLAGS := -std=gnu11 -O1 -g $(WARN) -I. -D_GNU_SOURCE -DWITH_SANITIZER=$(if $(SANITIZE),1,0) -pthread

$(B)/tests/native/lib%.so: tests/progs/lib%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PROG_FLAGS) -fPIC -shared -o $@ $<

$(B)/tests/native/%: tests/progs/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PROG_FLAGS) -MMD -MP -MF $@.d -o $@ $< $(more_src) -ldl

# Use the memory of a run themselves.
$(B)/tests/native/tablestorm $(B)/tests/native/counts: more_src = $(domain_src)
$(B)/tests/native/tablestorm $(B)/tests/native/counts: $(domain_src) $(wildcard domain/*.h)
$(B)/tests/native/helper: more_src = shim/helper.c
$(B)/tests/native/helper: shim/helper.c

# In several files.
oddcalls_src := $(wildcard tests/progs/oddcalls/*.c)
$(B)/tests/native/oddcalls $(B)/tests/progs/oddcalls: more_src = $(oddcalls_src)
$(B)/tests/native/oddcalls $(if $(SANITIZE),$(B)/tests/progs/oddcalls): $(oddcalls_src) tests/progs/oddcalls/oddcalls.h

# Programs that call libsunat.
sunat_progs := $(filter sunat%,$(prog_names))
$(sunat_progs:%=$(B)/tests/native/%): more_src = $(B)/libsunat.a $(SANFLAGS)
$(sunat_progs:%=$(B)/tests/native/%) $(if $(SANITIZE),$(sunat_progs:%=$(B)/tests/progs/%)): $(B)/libsunat.a
$(sunat_progs:%=$(B)/tests/native/%) $(sunat_progs:%=$(B)/tests/progs/%): PROG_FLAGS += -Iinclude

$(B)/tests/progs/lib%.so: $(B)/tests/native/lib%.so
	@mkdir -p $(@D)
	@ln -sf ../native/$(@F) $@

ifeq ($(SANITIZE),)
$(B)/tests/progs/%: $(B)/tests/native/%
	@mkdir -p $(@D)
	@ln -sf ../native/$(@F) $@
else
$(B)/tests/progs/%: tests/progs/%.c $(call obj,$(shim_src)) $(B)/libpolicy.a
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PROG_FLAGS) $(SANFLAGS) -rdynamic -o $@ $< $(more_src) $(filter %.o %.a,$^) -ldl
endif

$(B)/tests/all: $(call obj,$(test_src)) $(B)/libpolicy.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcriterion -lapparmor -ldl

# Parts of the command that can be asked without running it.
tests_of_cli := $(call obj,$(wildcard cli/records*.c) cli/record_in.c cli/query.c cli/suggest.c cli/say.c cli/utf8.c cli/verdicts.c cli/junit.c cli/tap.c)
$(B)/tests/all: $(tests_of_cli) $(jansson_obj)

ifneq ($(findstring thread,$(SANITIZE)),)
.PHONY: $(B)/plain/tests/all
$(B)/plain/tests/all:
	+$(MAKE) --no-print-directory SANITIZE= B=$(B)/plain TEST_BUILD=$(TEST_BUILD) TEST_SANITIZE=thread \
	    test_src='$(filter-out tests/unit/%,$(test_src))' $@
tests_all := $(B)/plain/tests/all
else
tests_all := $(B)/tests/all
endif

.PHONY: tests check
tests: all $(tests_all) $(native) $(progs)

# Tests and the command end before they free; the library and the policy code
# allocate nothing that could leak. A cancelled thread leaves its frames marked,
# and AddressSanitizer's own sigaltstack() at its end trips over them.
SANITIZER_OPTIONS := ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:use_sigaltstack=0 UBSAN_OPTIONS=print_stacktrace=1 \
                     TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

check: ## build and run all tests (installs what they need, if it may)
	@tests/install-deps
	+@$(MAKE) --no-print-directory tests
	@$(SANITIZER_OPTIONS) tests/run $(TEST_BUILD) $(tests_all) -j$(TEST_JOBS) --timeout $(TEST_TIMEOUT) $(TESTS)
