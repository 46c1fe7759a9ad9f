# libsunat: its own files, and those that it has in common with the shim, as objects.

# The one that belongs to the compiler.
OBJCOPY      ?= $$($(CC) -print-prog-name=objcopy)

sunat_src    := $(wildcard sunat/*.c)
sunat_shared := $(addprefix shim/,helper path patience procfd reserve scratch spare sys) policy/text domain/anon
sunat_obj    := $(call obj,$(sunat_src)) $(sunat_shared:%=$(B)/%.o)

# Its own objects, for the command.
$(call obj,$(sunat_src)): EXTRA = -fstack-usage
# Names cannot be made local in what is still to be compiled.
$(sunat_obj): EXTRA += -fno-lto

# One object, in which only the public names are left: a program may have others of ours, or the same of its own.
$(B)/sunat/libsunat.o: $(sunat_obj)
	$(call say,LD,$@)
	$(Q)$(CC) -r -nostdlib -o $@.all $^
	$(Q)$(OBJCOPY) --localize-hidden $@.all $@
	@rm -f $@.all

$(B)/libsunat.a: $(B)/sunat/libsunat.o
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $<

$(B)/libsunat.so.0: $(sunat_obj) sunat/libsunat.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(ALL_LDFLAGS) $(if $(SANITIZE),,-Wl$(comma)-z$(comma)defs) -Wl,--version-script=sunat/libsunat.map -Wl,-soname,libsunat.so.0 \
	    -Wl,--gc-sections -Wl,--hash-style=gnu -Wl,--as-needed -o $@ $(filter %.o,$^)

$(B)/libsunat.so: $(B)/libsunat.so.0
	@ln -sf libsunat.so.0 $@

# As it is installed with the same PREFIX.
sunat_pc = sed 's|@PREFIX@|$(PREFIX)|; s|@INCLUDEDIR@|$(includedir)|; s|@LIBDIR@|$(libdir)|; s|@VERSION@|$(VERSION)|' sunat/sunat.pc.in
.PHONY: $(B)/sunat.pc
$(B)/sunat.pc:
	@mkdir -p $(@D)
	@$(sunat_pc) > $@

all: $(B)/libsunat.a $(B)/libsunat.so $(B)/sunat.pc
