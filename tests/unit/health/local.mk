check_PROGRAMS += %D%/test_health
TESTS += %D%/test_health
tests_unit_health_test_health_SOURCES = $(suite_sources) %D%/suite.c %D%/test_hysteresis.c \
	%D%/test_latency.c %D%/test_order.c %D%/test_outcome.c %D%/test_reason.c
tests_unit_health_test_health_CPPFLAGS = $(suite_cppflags)
tests_unit_health_test_health_CFLAGS = $(suite_cflags)
tests_unit_health_test_health_LDFLAGS = $(suite_ldflags)
tests_unit_health_test_health_LDADD = module/health/libhealth.a $(level0_libs) $(CHECK_LIBS)
