check_PROGRAMS += %D%/test_daemon
TESTS += %D%/test_daemon
tests_unit_daemon_test_daemon_SOURCES = $(suite_sources) %D%/suite.c %D%/test_herald.c
tests_unit_daemon_test_daemon_CPPFLAGS = $(suite_cppflags)
tests_unit_daemon_test_daemon_CFLAGS = $(suite_cflags)
tests_unit_daemon_test_daemon_LDFLAGS = $(suite_ldflags)
tests_unit_daemon_test_daemon_LDADD = module/daemon/libdaemon.a $(level3_libs) $(CHECK_LIBS)
