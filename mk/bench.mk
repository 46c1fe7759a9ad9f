# What sunshim costs (DESIGN.md section 12). `make bench` measures; it judges nothing.

bench_tools := $(addprefix $(B)/bench/,calls count nothing landlock empty.so) \
               $(if $(wildcard bench/decide.c),$(B)/bench/decide) $(B)/bench/table $(B)/bench/sunat $(B)/tests/native/linestorm

$(B)/bench/empty.so: $(B)/bench/empty.o
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(ALL_LDFLAGS) -o $@ $<

# Its shapes of rules are formats, passed around.
$(B)/bench/decide.o: EXTRA = -Wno-format-nonliteral
$(B)/bench/decide: $(B)/bench/decide.o $(B)/libpolicy.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^

$(B)/bench/table: $(B)/bench/table.o $(call obj,$(domain_src))
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^

$(B)/bench/sunat: $(B)/bench/sunat.o $(B)/libsunat.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $^

$(addprefix $(B)/bench/,calls count nothing landlock): $(B)/bench/%: $(B)/bench/%.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $<

.PHONY: bench bench-tools
bench-tools: $(bench_tools)
bench: all $(bench_tools) ## what each call costs, beside its budget and other tools
	@perl bench/run.pl $(B) $(BENCH)
