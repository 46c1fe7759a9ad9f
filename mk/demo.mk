# A first look: builds what it needs and runs it. Also part of .ci/run.

$(B)/demo/autobind: $(B)/demo/autobind.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $<

.PHONY: demo
demo: all $(B)/demo/autobind ## see it work, in ten seconds
	@demo/demo.sh $(B)

# The demo is a test, too (tests/e2e/test_words.c).
tests: $(B)/demo/autobind
