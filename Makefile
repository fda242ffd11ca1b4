# SPDX-License-Identifier: GPL-2.0
#
# What a person types. How the module is compiled is in Kbuild, which the kernel's
# own make reads; this file finds the right kernel tree for it.

# DKMS passes KERNELRELEASE.
KERNELRELEASE ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KERNELRELEASE)/build
PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo

# Results stay out of the source tree: kernel make's MO= for the module.
OUT := $(CURDIR)/target/module
CLI := target/release/milspecctl
MACHINE := $(CARGO) run -q --locked -p milspec-machine --bin machine --

# The tree to build against: KDIR itself when its headers are complete, else one with
# the missing Rust metadata, made once (scripts/rust-metadata says what it checks). Whoever
# installs has neither to find the compiler nor to make it again.
kernel-make = $(MAKE) -C "$$tree" M=$(CURDIR) MO=$(OUT)
TREE := $(OUT)/tree
built-tree = tree=$$(cat $(TREE) 2>/dev/null || scripts/rust-metadata $(KDIR))

# The distribution's key is not here; signing with one's own is for DKMS or by hand.
NO_SIGNING := CONFIG_MODULE_SIG_ALL=

.PHONY: all module cli install is-built install-module install-service install-dkms install-cli uninstall clean clean-cache help prepare demo shell test test-long debug-kernel test-debug lint deb packages bench rust-analyzer
.DEFAULT_GOAL := all

all: module cli ## build the module and milspecctl for this machine's kernel

module: ## build the module (KDIR= for another kernel)
	@mkdir -p $(OUT)
	+@tree=$$(scripts/rust-metadata $(KDIR)) && $(kernel-make) modules && printf '%s\n' "$$tree" >$(TREE)

cli: ## build milspecctl
	$(CARGO) build --release --locked -p milspecctl

# Where things go. Units and rules are looked for in /usr/lib, whatever PREFIX is.
SHARE = $(DESTDIR)$(PREFIX)/share
DOC = $(SHARE)/doc/dell-milspec
UNITS = $(DESTDIR)/usr/lib/systemd/system
UNIT_FILES = $(wildcard packaging/systemd/*.service packaging/systemd/*.timer)
CATALOG = $(DESTDIR)/usr/lib/systemd/catalog
# The one place that says which version this is.
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
DKMS = $(DESTDIR)/usr/src/dell-milspec-$(VERSION)

install: install-module install-cli ## install both (DESTDIR, PREFIX); build first

install-module: is-built install-service ## install the module, and what serves it
	+@$(built-tree) && \
		$(kernel-make) INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_STRIP=1 $(NO_SIGNING) modules_install
	# The kernel's make skips depmod where it finds no System.map: Debian's headers have none.
	@test -n "$(DESTDIR)" || { $(built-tree) && \
		depmod -a "$$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$$tree/include/generated/utsrelease.h")"; }

# Before anything is installed.
is-built:
	@test -f $(OUT)/dell_milspec.ko || { echo "nothing to install: run 'make module' first" >&2; exit 1; }

install-service: ## install what serves the module, but not the module: for packages
	# The group first: udev looks it up when it reads the rule, and never again.
	install -D -m 644 -t $(DESTDIR)/usr/lib/sysusers.d packaging/sysusers/dell-milspec.conf
	@test -n "$(DESTDIR)" || systemd-sysusers /usr/lib/sysusers.d/dell-milspec.conf || true
	install -D -m 644 -t $(DESTDIR)/usr/lib/udev/rules.d packaging/udev/60-dell-milspec.rules
	install -d $(UNITS)/dev-milspec.device.wants
	for unit in $(UNIT_FILES); do \
		sed 's,/usr/bin/,$(PREFIX)/bin/,' $$unit >$(UNITS)/$${unit##*/} || exit 1; \
		chmod 644 $(UNITS)/$${unit##*/}; \
	done
	ln -sf ../milspec-confirm.service $(UNITS)/dev-milspec.device.wants
	install -D -m 644 -t $(DESTDIR)/etc/logrotate.d packaging/logrotate/*
	install -D -m 644 -t $(CATALOG) packaging/systemd/milspec-monitor.catalog
	# Packages have maintainer scripts and triggers for it. Without systemd there is nobody to tell.
	@test -n "$(DESTDIR)" || udevadm control --reload || true
	@test -n "$(DESTDIR)" || systemctl daemon-reload || true
	@test -n "$(DESTDIR)" || journalctl --update-catalog || true

# What DKMS compiles the module of: sources, and what finds the kernel's tree. Tests stay behind.
install-dkms: ## install the module's source for DKMS: for packages
	install -d $(DKMS)
	cp -r --parents --no-preserve=ownership,timestamps Kbuild Makefile driver scripts/rust-metadata \
		packaging/dkms/pre-build LICENSE-GPL-2.0 LICENSE-Linux-syscall-note $(DKMS)
	rm -rf $(DKMS)/driver/*/Cargo.toml $(DKMS)/driver/*/benches $(DKMS)/driver/*/tests
	sed -e 's,#MODULE_VERSION#,$(VERSION),' \
		-e "s,#MIN_KERNEL#,$$(sed -n 's/^MIN_KERNEL=\([0-9.]*\).*/\1/p' scripts/rust-metadata)," \
		packaging/dkms/dkms.conf >$(DKMS)/dkms.conf
	chmod 644 $(DKMS)/dkms.conf
	install -D -m 644 -t $(DESTDIR)/usr/share/metainfo packaging/appstream/*.xml

install-cli: ## install milspecctl alone: enough where others' journals and attestations are verified
	@test -f $(CLI) || { echo "nothing to install: run 'make cli' first" >&2; exit 1; }
	install -D -m 755 $(CLI) $(DESTDIR)$(PREFIX)/bin/milspecctl
	install -D -m 644 -t $(SHARE)/man/man1 docs/man/*.1
	install -D -m 644 packaging/completions/milspecctl.bash $(SHARE)/bash-completion/completions/milspecctl
	install -D -m 644 -t $(SHARE)/zsh/site-functions packaging/completions/_milspecctl
	install -D -m 644 -t $(SHARE)/fish/vendor_completions.d packaging/completions/milspecctl.fish
	install -D -m 644 -t $(DOC) README.md docs/*.md
	install -D -m 644 -t $(DOC)/schema docs/schema/*.json
	install -D -m 644 -t $(DOC)/examples packaging/examples/*.toml
	install -D -m 644 -t $(SHARE)/milspecctl/scenarios packaging/scenarios/*.toml
	install -D -m 644 -t $(SHARE)/milspecctl/sigma packaging/sigma/*
	install -D -m 644 -t $(SHARE)/milspecctl/prometheus packaging/prometheus/milspec.rules.yml
	install -D -m 644 -t $(SHARE)/milspecctl/audit packaging/audit/dell-milspec.rules
	install -D -m 644 -t $(DOC)/ansible packaging/ansible/plugins/modules/*.py

# The group and what was recorded of this machine stay: they are the administrator's.
uninstall: ## remove what install has put there (same DESTDIR and PREFIX)
	@record=/var/lib/milspecctl/unconfirmed.json; test -n "$(DESTDIR)" || test ! -e $$record || \
		grep -qE '^  "state": "(undone|reboot-due)"' $$record || \
		echo 'A change is not confirmed yet, and nothing is left that undoes it.' >&2
	@test -n "$(DESTDIR)" || systemctl disable --now $(notdir $(UNIT_FILES)) || true
	rm -f $(DESTDIR)$(PREFIX)/bin/milspecctl $(SHARE)/man/man1/milspecctl*.1 \
		$(SHARE)/bash-completion/completions/milspecctl \
		$(SHARE)/zsh/site-functions/_milspecctl $(SHARE)/fish/vendor_completions.d/milspecctl.fish \
		$(DESTDIR)/usr/lib/udev/rules.d/60-dell-milspec.rules \
		$(DESTDIR)/usr/lib/sysusers.d/dell-milspec.conf $(CATALOG)/milspec-monitor.catalog \
		$(patsubst packaging/logrotate/%,$(DESTDIR)/etc/logrotate.d/%,$(wildcard packaging/logrotate/*)) \
		$(patsubst packaging/systemd/%,$(UNITS)/%,$(UNIT_FILES)) \
		$(UNITS)/dev-milspec.device.wants/milspec-confirm.service \
		$(DESTDIR)/lib/modules/*/updates/dell_milspec.ko*
	rm -rf $(DOC) $(SHARE)/milspecctl
	@test -n "$(DESTDIR)" || for modules in /lib/modules/*/modules.dep; do \
		release=$${modules%/*}; depmod -a "$${release##*/}"; \
	done
	@test -n "$(DESTDIR)" || udevadm control --reload || true
	@test -n "$(DESTDIR)" || systemctl daemon-reload || true
	@test -n "$(DESTDIR)" || journalctl --update-catalog || true

# PROFILE is a machine of tests/machine/profiles, DMI a report that dmidecode wrote. The shell takes
# them from the environment, so that a path may have any characters.
export PROFILE DMI
which-machine = $(if $(PROFILE),--profile "$$PROFILE") $(if $(DMI),--dmi "$$DMI")

demo: ## boot a simulated Dell and show the driver and milspecctl at work
	@$(MACHINE) demo $(which-machine)

shell: ## a shell in the simulated Dell (PROFILE=, or DMI= with a report; SYSTEMD=1: with systemd)
	@$(MACHINE) shell $(which-machine) $(if $(SYSTEMD),--systemd)

prepare: ## get all that the simulated Dell needs (demo, shell and test do it too)
	@$(MACHINE) prepare

test: ## host tests, lints, and tests in the simulated Dell
	@scripts/test

test-long: ## the same, with the sweeps that take long
	@MILSPEC_LONG=1 scripts/test

debug-kernel: ## build the kernel with KASAN, lockdep and failing memory that test-debug boots
	@MILSPEC_KERNEL=debug $(MACHINE) prepare

test-debug: debug-kernel ## the tests of the debug kernel, with those that take long
	@MILSPEC_LONG=1 scripts/test debug

lint: ## the lints alone
	@scripts/test lint

deb: ## Debian packages of the commit that is checked out, into target/packages
	@scripts/make-packages deb

packages: ## all packages that can be built here
	@scripts/make-packages

bench: ## what answers cost, beside what is comparable (PROFILE=, DMI=)
	@$(MACHINE) bench $(which-machine)
	@$(CARGO) bench -q --locked -p milspec-posture --bench plan
	@$(CARGO) bench -q --locked -p milspecctl --bench compliance

rust-analyzer: ## describe the module to rust-analyzer
	@$(MACHINE) rust-analyzer

clean: ## remove what was built here
	rm -rf target rust-project.json

clean-cache: ## remove what this user's clones share: roots, kernels, metadata
	rm -rf $${XDG_CACHE_HOME:-$$HOME/.cache}/dell-milspec

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24
