# SPDX-License-Identifier: MIT
# zcopy: make [WERROR=1] [SAN=address,undefined | SAN=thread] [TARGET]; make help lists the targets.

VERSION = 0.1.0
PREFIX = /usr/local
DESTDIR =

CC = gcc
CFLAGS = -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wnull-dereference \
	-Wimplicit-fallthrough -Wno-missing-field-initializers -Wlogical-op -Wduplicated-cond -Wduplicated-branches
WARNINGS += $(if $(WERROR),-Werror)
LDLIBS = -lbsd
BUILD = build$(if $(SAN),/$(if $(findstring thread,$(SAN)),tsan,asan))
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DLIBBSD_OPENBSD_VIS -D_FILE_OFFSET_BITS=64 -DZCOPY_VERSION='"$(VERSION)"' -Icommon -pthread \
	-MMD -MP $(WARNINGS) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS = -pthread $(if $(SAN),-fsanitize=$(SAN)) -Wl,--as-needed $(LDFLAGS)

# V=1 shows the commands.
Q = $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $@')

commands = zcat-net zcp zrecv zsend ztee

common = base/bytes base/descriptor base/digest base/digest_request base/limit base/message base/monitor base/option base/pack base/program base/progress \
	base/side base/size base/stall move/deliver move/filter move/kind move/ladder move/method move/pump move/transfer move/worker \
	net/address net/announce net/channel net/chunks net/connect net/connect_options net/connection net/door net/frame net/greeting net/http_connect \
	net/key net/listen net/network net/openssl net/peer net/peer_options net/session net/socket net/socks net/tls net/watch net/wire
zcat-net = main conflicts crlf datagram datagram_flow datagram_receive datagram_send datagram_serve handover handshake \
	handshake_http handshake_socks line_options lines operands output own_name proxy proxy_options scan session settings tap \
	tell telnet tos udp_probe
zcp = main ask atomic attributes attributes_acl attributes_end attributes_extended backup cache choice conflicts copier entry \
	existing explain extents file in_place jobs looking mover names node operands pair parents path preserve queue resume run \
	same seen settings sums survey sync verify walk watch
zrecv = main attributes beneath complete entries incoming journal known output publish queue recall receive receiver settings store
zsend = main again answers data entry file guard have raw send session settings source stamp stream tree walk
ztee = main command fanout open output ready run settings side_digest spill trouble watch

bin = $(commands:%=$(BUILD)/bin/%)

all: $(bin)

$(BUILD)/libcommon.a: $(common:%=$(BUILD)/common/%.o)
	$(call say,AR)
	$(Q)rm -f $@
	$(Q)$(AR) -rcs $@ $^

define command_rule
$(BUILD)/bin/$(1): $$($(1):%=$(BUILD)/cmd/$(1)/%.o) $(BUILD)/libcommon.a
	$$(call say,LD)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(BUILD)/bin/zcp: LDLIBS += -lattr
$(foreach command,$(commands),$(eval $(call command_rule,$(command))))

$(BUILD)/%.o: %.c Makefile
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Manual pages: --help by help2man, and the sections written by hand, those of a long page in several files.
pages = $(commands:%=$(BUILD)/man/%.1)
$(BUILD)/man/zcat-net.1: man/zcat-net-idioms.h2m

$(BUILD)/man/%.1: man/%.h2m $(BUILD)/bin/%
	$(call say,MAN)
	@mkdir -p $(@D)
	$(Q)help2man --no-info --locale=C $(addprefix --include=,$(filter %.h2m,$^)) --output=$@ $(BUILD)/bin/$*

man: $(pages)

# Tests. Programs in C first, then one bats file a subject; tests/run counts and sums up.
unit = address attributes descriptor digest filter key ladder limit lines method mover option pack progress proxy pump session size stall
unit_bin = $(unit:%=$(BUILD)/tests/%)
helpers = $(BUILD)/tests/short.so $(BUILD)/tests/fuzz-broken

$(BUILD)/tests/%: tests/unit/%.c tests/unit/unit.h $(BUILD)/libcommon.a Makefile
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(filter %.o,$^) $(BUILD)/libcommon.a $(LDLIBS)

# Pure parts of a command that have a test of their own.
$(BUILD)/tests/lines: $(addprefix $(BUILD)/cmd/zcat-net/,crlf.o telnet.o)

$(BUILD)/tests/attributes: $(addprefix $(BUILD)/cmd/zcp/,attributes.o attributes_acl.o attributes_end.o attributes_extended.o backup.o path.o)
$(BUILD)/tests/attributes: LDLIBS += -lattr
$(BUILD)/tests/mover: $(addprefix $(BUILD)/cmd/zcp/,explain.o extents.o in_place.o mover.o looking.o resume.o sums.o cache.o)

# Fuzz targets. Here with a main of their own, which the tests run for some thousand inputs; FUZZER=1 (make fuzz) is libFuzzer's.
fuzz = frames receiver
FUZZ_SECONDS = 60
fuzz_bin = $(fuzz:%=$(BUILD)/tests/fuzz-%)

$(BUILD)/tests/fuzz-%: tests/fuzz/%.c tests/fuzz/driver.c $(wildcard tests/fuzz/*.h) tests/unit/payloads.h $(BUILD)/libcommon.a Makefile
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $(filter-out $(if $(FUZZER),%/driver.c),$(filter %.c,$^)) \
		$(filter %.o,$^) $(BUILD)/libcommon.a $(LDLIBS)

$(BUILD)/tests/fuzz-receiver: tests/fuzz/script.c tests/fuzz/sandbox.c
$(BUILD)/tests/fuzz-receiver: $(patsubst %,$(BUILD)/cmd/zrecv/%.o,$(filter-out main settings,$(zrecv)))

fuzz:
	$(Q)tests/fuzz/run $(FUZZ_SECONDS) $(fuzz)

$(BUILD)/tests/short.so: tests/faults/short.c Makefile
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize=%,$(ALL_CFLAGS)) -fPIC -shared -o $@ $< -ldl

test: all $(unit_bin) $(fuzz_bin) $(helpers) man
	$(Q)tests/run $(BUILD) $(unit_bin) $(fuzz_bin) -- $(TESTS)

# All that has to hold before a commit: the suite, and the suite again under the sanitizers.
check:
	$(MAKE) test
	$(MAKE) test SAN=address,undefined TESTS="$(sanitized)"
	$(MAKE) test SAN=thread TESTS="$(sanitized)"

sanitized = $(wildcard tests/zcat-net*.bats) tests/zsend.bats tests/zsend-session.bats tests/zsend-resume.bats tests/zsend-streams.bats \
	tests/zrecv-hostile.bats $(filter-out tests/ztee-faults.bats,$(wildcard tests/ztee*.bats)) \
	$(filter-out tests/zcp-faults.bats,$(wildcard tests/zcp*.bats))

# Benchmarks print tables; they are not tests.
bench_bin = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))

$(BUILD)/bench/%: tests/bench/%.c Makefile
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<

# Debian's own kernel in qemu: an older one than most machines have.
vm: all
	$(Q)tests/vm/run $(BUILD)

bench: all $(bench_bin)
	$(Q)tests/bench/run $(BUILD)

demo: all $(bench_bin)
	$(Q)tests/demo $(BUILD)

# Style. clang-format only checks here; "make format" applies it.
sources = $(wildcard cmd/*/*.[ch] common/*/*.[ch] tests/*/*.[ch])
scripts = bootstrap .ci/run tests/run tests/demo tests/fuzz/run tests/vm/run tests/vm/init tests/vm/sessions $(wildcard tests/*.bash tests/*.bats tests/faults/*.bash) $(wildcard completions/bash/*)

lint:
	clang-format --dry-run --Werror $(sources)
	clang-tidy --quiet --warnings-as-errors='*' $(filter %.c,$(filter cmd/% common/%,$(sources))) -- \
		$(filter -std=% -D%,$(ALL_CFLAGS)) -Icommon
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		-Icommon --suppress=missingIncludeSystem cmd common
	shellcheck -x -s bash $(filter-out bootstrap,$(scripts))
	shellcheck bootstrap

format:
	clang-format -i $(sources)

install: all man
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install $(bin) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(pages) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 completions/bash/* $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 completions/zsh/* $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -m 644 completions/fish/* $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

dist:
	git archive --format=tar.gz --prefix=zcopy-$(VERSION)/ -o zcopy-$(VERSION).tar.gz HEAD

help:
	@echo 'all man demo test check fuzz vm bench lint format install dist clean'

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all man test check fuzz vm bench demo lint format install dist help clean
.SECONDARY:
