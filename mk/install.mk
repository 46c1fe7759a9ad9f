# make install DESTDIR= PREFIX=; make uninstall takes the same.

INSTALL    ?= install
# STRIP=: keeps the debug information.
STRIP      ?= strip
LDCONFIG   ?= PATH=$$PATH:/sbin:/usr/sbin ldconfig
bashcompdir ?= $(datadir)/bash-completion/completions
zshcompdir  ?= $(datadir)/zsh/site-functions
fishcompdir ?= $(datadir)/fish/vendor_completions.d
includedir ?= $(PREFIX)/include
pkgconfigdir ?= $(libdir)/pkgconfig
policydir   := $(datadir)/sunshim/policies

policy_files := $(patsubst policies/%,%,$(shell find policies -type f))
man_pages    := $(wildcard man/*.[13578])
doc_files    := README.md CHANGELOG.md SECURITY.md LICENSE $(wildcard docs/*.md docs/*.schema.json)
examples     := $(shell find examples -type f -not -path '*/__pycache__/*')
programs     := $(shell find examples -type f -perm -u+x)

# Finds the completions by name, so that adding a shell is adding a file.
completion_dest = $(if $(filter %.bash,$1),$(bashcompdir)/sunshim,$(if $(filter %.fish,$1),$(fishcompdir)/sunshim.fish,$(zshcompdir)/_sunshim))
completions  := $(wildcard completion/sunshim.bash completion/sunshim.fish completion/_sunshim)

man_dest = $(mandir)/man$(subst .,,$(suffix $1))/$(notdir $1)

# The run-time linker finds a new library in most places by its cache only. Not everybody may write that.
refresh = @[ -n "$(DESTDIR)" ] || $(LDCONFIG) 2>/dev/null || :

# Pairs FROM:TO:MODE.
installed = $(B)/sunshim:$(bindir)/sunshim:755 \
            $(B)/libsunshim.so:$(libdir)/libsunshim.so:755 \
            $(B)/libsunat.so.0:$(libdir)/libsunat.so.0:755 \
            $(B)/libsunat.a:$(libdir)/libsunat.a:644 \
            include/sunat.h:$(includedir)/sunat.h:644 \
            $(foreach f,$(policy_files),policies/$f:$(policydir)/$f:644) \
            $(foreach f,$(man_pages),$f:$(call man_dest,$f):644) \
            $(foreach f,$(doc_files),$f:$(docdir)/$(notdir $f):644) \
            $(foreach f,$(wildcard third_party/*/LICENSE),$f:$(docdir)/LICENSE.$(word 2,$(subst /, ,$f)):644) \
            $(foreach f,$(examples),$f:$(docdir)/$f:$(if $(filter $f,$(programs)),755,644)) \
            $(foreach f,$(completions),$f:$(call completion_dest,$f):644)

.PHONY: install uninstall lint-man
install: all ## install below $(DESTDIR)$(PREFIX)
	@set -e; for entry in $(installed); do \
	    from=$${entry%%:*}; rest=$${entry#*:}; to=$${rest%:*}; \
	    $(INSTALL) -D -m $${rest##*:} "$$from" "$(DESTDIR)$$to"; \
	done
	@ln -sf libsunat.so.0 "$(DESTDIR)$(libdir)/libsunat.so"
	@$(INSTALL) -d "$(DESTDIR)$(pkgconfigdir)"
	@$(sunat_pc) >"$(DESTDIR)$(pkgconfigdir)/sunat.pc"
	@$(STRIP) "$(DESTDIR)$(bindir)/sunshim" "$(DESTDIR)$(libdir)/libsunshim.so" "$(DESTDIR)$(libdir)/libsunat.so.0"
	$(refresh)
	@echo "installed in $(DESTDIR)$(PREFIX)"

uninstall: ## remove what install put there
	@rm -f "$(DESTDIR)$(libdir)/libsunat.so" "$(DESTDIR)$(pkgconfigdir)/sunat.pc"
	@for entry in $(installed); do rest=$${entry#*:}; rm -f "$(DESTDIR)$${rest%:*}"; done
	@for d in $(policydir)/abstractions $(policydir) $(datadir)/sunshim \
	    $(patsubst %/,$(docdir)/%,$(sort $(filter-out examples/,$(dir $(examples))))) $(docdir)/examples $(docdir); do \
	    rmdir "$(DESTDIR)$$d" 2>/dev/null || :; done
	$(refresh)

# The pages refer to each other and to pages that not every machine has.
lint-man: ## check the manual pages
	@command -v mandoc >/dev/null || { echo "lint-man: mandoc is not installed" >&2; exit 1; }
	@! mandoc -T lint -W warning $(man_pages) 2>/dev/null | grep -v -e 'referenced manual not found' -e 'instead of ERRORS'
