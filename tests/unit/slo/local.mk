check_PROGRAMS += %D%/test_slo
TESTS += %D%/test_slo
tests_unit_slo_test_slo_SOURCES = $(suite_sources) \
	%D%/suite.c \
	%D%/test_alert.c \
	%D%/test_budget.c \
	%D%/test_catalogue.c \
	%D%/test_counts.c \
	%D%/test_calendar.c \
	%D%/test_forecast.c \
	%D%/test_fraction.c \
	%D%/test_golden.c \
	%D%/test_histogram.c \
	%D%/test_incident.c \
	%D%/test_lint.c \
	%D%/test_objective.c \
	%D%/test_openslo.c \
	%D%/test_openslo_run.c \
	%D%/test_problem.c \
	%D%/test_plan.c \
	%D%/test_rule.c \
	%D%/test_selector.c \
	%D%/test_slices.c \
	%D%/test_status_counts.c \
	%D%/test_tally.c \
	%D%/test_track.c \
	%D%/test_unwatched.c \
	%D%/test_varint.c \
	%D%/test_wide.c \
	%D%/test_wilson.c \
	%D%/test_window.c
tests_unit_slo_test_slo_CPPFLAGS = $(suite_cppflags)
tests_unit_slo_test_slo_CFLAGS = $(suite_cflags)
tests_unit_slo_test_slo_LDFLAGS = $(suite_ldflags)
tests_unit_slo_test_slo_LDADD = module/slo/libslo.a $(level0_libs) \
	$(GLIB_LIBS) $(CHECK_LIBS)
EXTRA_DIST += tests/data/openslo
