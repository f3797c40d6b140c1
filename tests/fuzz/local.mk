EXTRA_DIST += %D%/leaks.supp
# With a main() of its own, as part of make check; for libFuzzer see the head of the file.
check_PROGRAMS += %D%/fuzz_line
TESTS += %D%/fuzz_line
tests_fuzz_fuzz_line_SOURCES = %D%/fuzz_line.c %D%/alone.h
tests_fuzz_fuzz_line_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_line_LDADD = module/ingest/libingest.a module/slo/libslo.a $(level0_libs)
check_PROGRAMS += %D%/fuzz_formats
TESTS += %D%/fuzz_formats
tests_fuzz_fuzz_formats_SOURCES = %D%/fuzz_formats.c %D%/alone.h
tests_fuzz_fuzz_formats_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_formats_LDADD = module/ingest/libingest.a $(level1_libs)

check_PROGRAMS += %D%/fuzz_openslo
TESTS += %D%/fuzz_openslo
tests_fuzz_fuzz_openslo_SOURCES = %D%/fuzz_openslo.c %D%/alone.h
tests_fuzz_fuzz_openslo_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_openslo_LDADD = module/slo/libslo.a $(level0_libs) $(GLIB_LIBS)
check_PROGRAMS += %D%/fuzz_batch
TESTS += %D%/fuzz_batch
tests_fuzz_fuzz_batch_SOURCES = %D%/fuzz_batch.c %D%/alone.h
tests_fuzz_fuzz_batch_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_batch_LDADD = module/ingest/libingest.a module/slo/libslo.a $(level0_libs) \
	$(ZLIB_LIBS)

check_PROGRAMS += %D%/fuzz_record
TESTS += %D%/fuzz_record
tests_fuzz_fuzz_record_SOURCES = %D%/fuzz_record.c %D%/alone.h
tests_fuzz_fuzz_record_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_record_LDADD = module/front/libfront.a $(level0_libs)

check_PROGRAMS += %D%/fuzz_http
TESTS += %D%/fuzz_http
tests_fuzz_fuzz_http_SOURCES = %D%/fuzz_http.c %D%/alone.h
tests_fuzz_fuzz_http_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_http_LDADD = module/probe/libprobe.a $(level0_libs)

check_PROGRAMS += %D%/fuzz_checks
TESTS += %D%/fuzz_checks
tests_fuzz_fuzz_checks_SOURCES = %D%/fuzz_checks.c
tests_fuzz_fuzz_checks_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_checks_LDADD = $(level1_libs)

check_PROGRAMS += %D%/fuzz_chronicle
TESTS += %D%/fuzz_chronicle
tests_fuzz_fuzz_chronicle_SOURCES = %D%/fuzz_chronicle.c %D%/alone.h
tests_fuzz_fuzz_chronicle_CPPFLAGS = $(AM_CPPFLAGS) -DPROBITY_FUZZ_MAIN
tests_fuzz_fuzz_chronicle_LDADD = module/monitor/libmonitor.a $(level2_libs)
