# Unit tests: one program per folder, which links only the archives that its layer may know.
include tests/unit/base/local.mk
include tests/unit/config/local.mk
include tests/unit/slo/local.mk
include tests/unit/health/local.mk
include tests/unit/probe/local.mk
include tests/unit/ingest/local.mk
include tests/unit/ledger/local.mk
include tests/unit/page/local.mk
include tests/unit/serve/local.mk
include tests/unit/setup/local.mk
include tests/unit/monitor/local.mk
include tests/unit/accountant/local.mk
include tests/unit/auth/local.mk
include tests/unit/front/local.mk
include tests/unit/daemon/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk

suite_sources = tests/unit/support/suite.c tests/unit/support/suite.h
suite_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit/support -DTEST_DATA=\"$(abs_srcdir)/tests/data\"
suite_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS) -Wno-missing-prototypes -Wno-conversion
suite_ldflags = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

# What make check holds the sources against, beside the unit tests.
CPPFLAGS_of_headers = $(LIBPQ_CFLAGS) $(HIREDIS_CFLAGS) $(JANSSON_CFLAGS) $(LIBJWT_CFLAGS) \
	$(OPENSSL_CFLAGS) $(LIBFYAML_CFLAGS) $(GLIB_CFLAGS)
AM_TESTS_ENVIRONMENT = CC='$(CC)'; CPPFLAGS='$(CPPFLAGS_of_headers)'; export CC CPPFLAGS;
TESTS += scripts/check-layers scripts/check-banned scripts/check-sizes scripts/check-headers \
	tests/drift/run
EXTRA_DIST += scripts/check-layers scripts/check-banned scripts/check-sizes \
	scripts/check-headers tests/drift/run

# Integration tests need servers and are run by scripts/test; a release carries them all the same.
# Copied by pattern: a test file that nobody listed would otherwise be missing from the release.
dist-hook:
	$(MKDIR_P) $(distdir)/tests/integration $(distdir)/tests/drift $(distdir)/tests/fakes \
		$(distdir)/tests/sql/expected $(distdir)/scripts/demo $(distdir)/docs/deploy
	cp $(srcdir)/tests/fakes/*.py $(distdir)/tests/fakes
	cp $(srcdir)/tests/drift/check-* $(distdir)/tests/drift
	cp $(srcdir)/tests/integration/*.py $(srcdir)/tests/integration/pytest.ini \
		$(distdir)/tests/integration
	cp -R $(srcdir)/tests/shims $(distdir)/tests && rm -rf $(distdir)/tests/shims/__pycache__
	cp $(srcdir)/tests/sql/*.sql $(distdir)/tests/sql
	cp $(srcdir)/tests/sql/expected/*.out $(distdir)/tests/sql/expected
	cp $(srcdir)/docs/deploy/*.md $(distdir)/docs/deploy
	cp $(srcdir)/scripts/demo/*.py $(srcdir)/scripts/demo/*.yaml $(distdir)/scripts/demo
