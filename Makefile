# mailjam: what people, packagers and CI call. `make help` lists the targets.
#
# CARGO, CARGO_TARGET_DIR, DESTDIR, PREFIX and SBINDIR are honoured; so are MTA_LIBC and MUSL_DIR, see scripts/build-mta.
# Configuration is in /etc/mailjam, where the programs look for it.
# INSTALL_PACKAGES=: keeps make from installing what it needs from Debian's packages.

CARGO ?= cargo
CARGO_TARGET_DIR ?= target
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DESTDIR ?=
# Debian's zsh looks into vendor-completions for what packages bring.
ZSH_COMPLETIONS ?= site-functions
UNITDIR ?= $(PREFIX)/lib/systemd/system
# Documentation and licences; a package whose name says more may want another place.
DOCDIR ?= $(PREFIX)/share/doc/mailjam
INSTALL_PACKAGES ?= scripts/install-packages

override CARGO_TARGET_DIR := $(abspath $(CARGO_TARGET_DIR))
export CARGO CARGO_TARGET_DIR

release := $(CARGO_TARGET_DIR)/release
into := $(DESTDIR)$(PREFIX)
doc := $(DESTDIR)$(DOCDIR)
units := $(DESTDIR)$(UNITDIR)
configuration := $(DESTDIR)/etc/mailjam
need := $(INSTALL_PACKAGES)
build_mta := scripts/build-mta --locked
# Tests write here what cannot be tested on this machine; a harness keeps to itself what a test says that passes.
export MAILJAM_SKIPPED := $(CARGO_TARGET_DIR)/skipped-tests
forget_skipped = @mkdir -p '$(CARGO_TARGET_DIR)' && : >'$(MAILJAM_SKIPPED)'
show_skipped = @sort -u '$(MAILJAM_SKIPPED)' | grep . || echo 'nothing was skipped'
has = $(shell $(CARGO) $(1) --version >/dev/null 2>&1 && echo yes)

# cargo-nextest runs each test in a process of its own; without it cargo test does, less well separated.
ifeq ($(call has,nextest),yes)
everyday := $(CARGO) nextest run --locked --workspace -E 'not binary(e2e)'
complete := $(CARGO) nextest run --locked --workspace
mta_only := $(CARGO) nextest run --locked --test suite -E 'test(/^mta::/)'
else
everyday := $(CARGO) test --locked --workspace --exclude mailjam --tests && $(CARGO) test --locked --test suite
complete := $(CARGO) test --locked --workspace --tests
mta_only := $(CARGO) test --locked --test suite -- mta::
endif

.PHONY: all
all: ## Build the release binaries (the default)
	$(need) build
	$(CARGO) build --locked --release --no-default-features --features daemon,cli,web --bins
	$(build_mta)

.PHONY: install
install: all ## Install them below $(DESTDIR)$(PREFIX), a sample configuration in $(DESTDIR)/etc/mailjam
	mta=$$($(build_mta)) && $(MAKE) install-built MAILJAM_MTA="$$mta"

.PHONY: install-built
install-built: # The same with what is built already; MAILJAM_MTA is the mailjam-mta of scripts/build-mta
	install -D -m 755 '$(release)/mailjamd' '$(DESTDIR)$(SBINDIR)/mailjamd'
	install -D -m 755 '$(release)/mailjam-web' '$(DESTDIR)$(SBINDIR)/mailjam-web'
	install -D -m 755 '$(release)/mailjam-cli' '$(into)/bin/mailjam-cli'
	install -D -m 755 '$(MAILJAM_MTA)' '$(into)/libexec/mailjam/mailjam-mta'
	install -D -m 644 completions/mailjam-cli.bash '$(into)/share/bash-completion/completions/mailjam-cli'
	install -D -m 644 completions/_mailjam-cli '$(into)/share/zsh/$(ZSH_COMPLETIONS)/_mailjam-cli'
	install -D -m 644 completions/mailjam-cli.fish '$(into)/share/fish/vendor_completions.d/mailjam-cli.fish'
	install -d '$(units)'
	for unit in systemd/*.service systemd/*.socket systemd/*.timer; do \
	  sed 's|/usr/sbin/mailjam|$(SBINDIR)/mailjam|' "$$unit" >"$(units)/$${unit##*/}" && \
	  chmod 644 "$(units)/$${unit##*/}" || exit; \
	done
	install -D -m 644 systemd/mailjam.sysusers '$(into)/lib/sysusers.d/mailjam.conf'
	install -D -m 644 systemd/mailjam-mta.sysusers '$(into)/lib/sysusers.d/mailjam-mta.conf'
	install -D -m 644 systemd/mailjam-web.sysusers '$(into)/lib/sysusers.d/mailjam-web.conf'
	for page in docs/man/*.[158]; do \
	  install -D -m 644 "$$page" "$(into)/share/man/man$${page##*.}/$${page##*/}" || exit; \
	done
	install -d '$(doc)/docs/decisions' '$(doc)/etc'
	install -m 644 README.md CHANGELOG.md CONTRIBUTING.md LICENSE-MIT LICENSE-APACHE '$(doc)'
	install -m 644 docs/*.md '$(doc)/docs'
	install -m 644 docs/decisions/*.md '$(doc)/docs/decisions'
	install -m 644 etc/mailjam.toml etc/mta.conf etc/web.toml '$(doc)/etc'
	@# A configuration that is there belongs to the administrator.
	for file in mailjam.toml mta.conf web.toml; do \
	  test -e "$(configuration)/$$file" || install -D -m 644 "etc/$$file" "$(configuration)/$$file" || exit; \
	done

.PHONY: test
test: ## Run the everyday tests
	$(need) build
	$(forget_skipped)
	$(everyday)
	$(show_skipped)

.PHONY: check
check: ## Run everything that must hold: format, lints, documentation, all tests, a real Postfix
	@missing=; for component in fmt clippy; do \
	  $(CARGO) $$component --version >/dev/null 2>&1 || missing="$$missing cargo-$$component"; done; \
	test -z "$$missing" || { echo "check needs$$missing (rustup component add rustfmt clippy)" >&2; exit 1; }
	$(need) build test
	$(forget_skipped)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings --allow rustdoc::private-intra-doc-links' \
		$(CARGO) doc --locked --workspace --lib --no-deps --document-private-items
	@if [ '$(call has,deny)' = yes ]; then $(CARGO) deny --locked check bans licenses sources; \
	else echo 'skipped: licences and sources of dependencies: cargo-deny is not installed' >>'$(MAILJAM_SKIPPED)'; fi
	$(CARGO) test --locked --workspace --doc
	mta=$$($(build_mta)) && MAILJAM_MTA=$$mta $(complete)
	mta=$$(MTA_LIBC=glibc $(build_mta)) && MAILJAM_MTA=$$mta $(mta_only)
	$(show_skipped)

.PHONY: check-system
check-system: ## Run what needs packages and a booted system: build both kinds, try them in Debian 12 and 13; needs root
	$(need) build package system
	$(forget_skipped)
	$(MAKE) check-pages
	scripts/check-system
	$(show_skipped)

.PHONY: check-pages
check-pages: ## Look at every page of mailjam-web in a browser, and fill in every form
	$(need) build pages
	$(CARGO) build --locked
	mta=$$($(build_mta)) && tests/e2e/pages/run '$(CARGO_TARGET_DIR)/debug' "$$mta"

.PHONY: screenshots
screenshots: ## Make the pictures in docs/screenshots anew
	$(need) build pages
	$(CARGO) build --locked
	mta=$$($(build_mta)) && tests/e2e/pages/screenshots '$(CARGO_TARGET_DIR)/debug' "$$mta" docs/screenshots

.PHONY: fuzz
fuzz: ## Send mutated mail through all that reads what strangers write, ten minutes for each parser
	$(need) build
	FUZZ_SECONDS=600 $(CARGO) test --locked --release -p mailjam-core -p mailjam-signature --test fuzz -- --nocapture \
		--test-threads 1

.PHONY: demo
demo: all ## Show a list at work, from the MTA's pipe to the members; KEEP=1 leaves it running
	$(need) demo
	@KEEP='$(KEEP)' scripts/demo '$(release)' "$$($(build_mta) 2>/dev/null)"

.PHONY: bench
bench: all ## Measure what start-up, fan-out, throughput, import, pages and memory cost
	$(need) bench
	MTA_MUSL="$$(MTA_LIBC=musl $(build_mta))" MTA_GLIBC="$$(MTA_LIBC=glibc $(build_mta))" $(CARGO) bench --locked --bench bench

.PHONY: dist
dist: ## Make the release tarball, with all crates, in dist/
	scripts/make-dist

.PHONY: deb
deb: ## Build and check the Debian packages, in dist/
	$(need) package
	scripts/build-packages deb

.PHONY: rpm
rpm: ## Build and check the RPM packages, in dist/
	$(need) package
	scripts/build-packages rpm

.PHONY: clean
clean: ## Remove what was built
	$(CARGO) clean
	rm -rf dist

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24
