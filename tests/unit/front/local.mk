check_PROGRAMS += %D%/test_front
TESTS += %D%/test_front
tests_unit_front_test_front_SOURCES = $(suite_sources) %D%/suite.c %D%/house.c %D%/house.h \
	%D%/test_counters.c %D%/test_drain.c %D%/test_events.c %D%/test_gate.c %D%/test_health.c %D%/test_lag.c %D%/test_look.c %D%/test_negotiate.c \
	%D%/test_query.c %D%/test_record.c %D%/test_request.c %D%/test_router.c %D%/test_slo.c \
	%D%/test_when.c
tests_unit_front_test_front_CPPFLAGS = $(suite_cppflags)
tests_unit_front_test_front_CFLAGS = $(suite_cflags)
tests_unit_front_test_front_LDFLAGS = $(suite_ldflags)
tests_unit_front_test_front_LDADD = module/front/libfront.a $(level2_libs) $(FCGI_LIBS) $(CHECK_LIBS)

# The front alone, with fixed pages: tests/integration and scripts/bench-front run it.
noinst_PROGRAMS += %D%/front_trial
tests_unit_front_front_trial_SOURCES = %D%/front_trial.c
tests_unit_front_front_trial_LDADD = module/front/libfront.a $(level2_libs) $(FCGI_LIBS)
