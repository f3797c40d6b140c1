check_PROGRAMS += %D%/test_accountant
TESTS += %D%/test_accountant
tests_unit_accountant_test_accountant_SOURCES = $(suite_sources) \
	%D%/fake_ledger.c \
	%D%/fake_ledger.h \
	%D%/alarm_stage.c \
	%D%/alarm_stage.h \
	%D%/suite.c \
	%D%/test_accountant.c \
	%D%/test_alarm_render.c \
	%D%/test_alarm_speakers.c \
	%D%/test_alarm_words.c \
	%D%/test_alarms.c \
	%D%/test_book.c \
	%D%/test_clerk.c \
	%D%/test_forecasts.c \
	%D%/test_hour.c \
	%D%/test_incidents.c \
	%D%/test_latency.c \
	%D%/test_logs.c \
	%D%/test_maintenances.c \
	%D%/test_metrics.c \
	%D%/test_publish.c \
	%D%/test_render.c \
	%D%/test_trackers.c \
	%D%/test_traffic.c \
	%D%/test_trouble.c \
	%D%/test_verdict.c \
	%D%/test_waivers.c \
	%D%/test_watching.c \
	%D%/test_worst.c
tests_unit_accountant_test_accountant_CPPFLAGS = $(suite_cppflags)
tests_unit_accountant_test_accountant_CFLAGS = $(suite_cflags)
tests_unit_accountant_test_accountant_LDFLAGS = $(suite_ldflags) \
	-Wl,--wrap=book_sum,--wrap=book_dark_minutes
tests_unit_accountant_test_accountant_LDADD = module/accountant/libaccountant.a $(level2_libs) \
	$(CHECK_LIBS)
