check_PROGRAMS += %D%/test_ingest
TESTS += %D%/test_ingest
tests_unit_ingest_test_ingest_SOURCES = $(suite_sources) \
	%D%/stage.c \
	%D%/stage.h \
	%D%/suite.c \
	%D%/test_archive.c \
	%D%/test_batch.c \
	%D%/test_classify.c \
	%D%/test_combined.c \
	%D%/test_decimal.c \
	%D%/test_fetch.c \
	%D%/test_entry.c \
	%D%/test_fields.c \
	%D%/test_follow.c \
	%D%/test_follower.c \
	%D%/test_head.c \
	%D%/test_journal.c \
	%D%/test_line.c \
	%D%/test_meter.c \
	%D%/test_method.c \
	%D%/test_replay.c \
	%D%/test_openapi.c \
	%D%/test_requests.c \
	%D%/test_scan.c \
	%D%/test_sheet.c \
	%D%/test_sight.c \
	%D%/test_templates.c \
	%D%/test_trail.c \
	%D%/test_usual.c
tests_unit_ingest_test_ingest_CPPFLAGS = $(suite_cppflags)
tests_unit_ingest_test_ingest_CFLAGS = $(suite_cflags)
tests_unit_ingest_test_ingest_LDFLAGS = $(suite_ldflags)
tests_unit_ingest_test_ingest_LDADD = module/ingest/libingest.a $(level1_libs) $(ZLIB_LIBS) $(CHECK_LIBS)
