# Fuzzing the policy library: clang's libFuzzer with address and undefined
# behaviour sanitizers. Seeds are in tests/fuzz/corpus, what is found in
# $(B)/fuzz; crashing inputs are left there as crash-*.

FUZZ_CC      ?= clang
FUZZ_SECONDS ?= 20
FUZZ_FLAGS   := -std=gnu11 -O1 -g $(WARN) -D_GNU_SOURCE -I. -fsanitize=fuzzer,address,undefined \
                -fno-sanitize-recover=all -fno-omit-frame-pointer
fuzz_names   := text glob blob shorten records

# What a log may hold, and what the library writes to it.
records_src  := tests/fuzz/records_line.c shim/format.c shim/quote.c \
                $(addprefix cli/,records.c records_text.c records_json.c records_apparmor.c records_query.c query.c suggest.c say.c utf8.c) \
                $(wildcard third_party/jansson/*.c)
$(B)/fuzz/records: $(records_src) $(wildcard cli/records*.h shim/format.h)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(filter-out $(WARN),$(FUZZ_FLAGS)) -w $(jansson_inc) -o $@ tests/fuzz/fuzz_records.c $(records_src) $(policy_src) $(domain_src)

$(B)/fuzz/%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h $(policy_src) $(domain_src) $(wildcard policy/*.h domain/*.h)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ $< $(policy_src) $(domain_src)

.PHONY: fuzz fuzz-smoke $(fuzz_names:%=fuzz-%)
$(fuzz_names:%=fuzz-%): fuzz-%: $(B)/fuzz/%
	@mkdir -p $(B)/fuzz/found-$*
	cd $(B)/fuzz && ./$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=2048 -print_final_stats=1 \
	    $(if $(wildcard tests/fuzz/$*.dict),-dict=$(CURDIR)/tests/fuzz/$*.dict) \
	    -verbosity=0 found-$* $(CURDIR)/tests/fuzz/corpus/$*

fuzz: $(fuzz_names:%=$(B)/fuzz/%) ## build the fuzz targets (clang)
fuzz-smoke: $(fuzz_names:%=fuzz-%) ## fuzz texts, globs, compiled policies, long names and records, under two minutes in all
