check_PROGRAMS += %D%/test_base
TESTS += %D%/test_base
tests_unit_base_test_base_SOURCES = $(suite_sources) %D%/suite.c %D%/authority.c %D%/authority.h %D%/test_arena.c \
	%D%/test_auto.c %D%/test_buf.c %D%/test_clock.c %D%/test_credentials.c %D%/test_descriptors.c %D%/test_error.c %D%/test_folder.c %D%/test_idle.c %D%/test_json.c \
	%D%/test_log.c %D%/test_loop.c %D%/test_notify.c %D%/test_options.c %D%/test_queue.c %D%/test_random.c \
	%D%/test_signals.c %D%/test_slice.c %D%/test_stream.c %D%/test_thread.c %D%/test_tls.c %D%/test_tls_system.c %D%/test_utf8.c \
	%D%/test_yaml.c
tests_unit_base_test_base_CPPFLAGS = $(suite_cppflags)
tests_unit_base_test_base_CFLAGS = $(suite_cflags)
tests_unit_base_test_base_LDFLAGS = $(suite_ldflags)
tests_unit_base_test_base_LDADD = $(level0_libs) $(CHECK_LIBS)
