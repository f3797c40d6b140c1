check_PROGRAMS += %D%/test_monitor
TESTS += %D%/test_monitor
tests_unit_monitor_test_monitor_SOURCES = $(suite_sources) %D%/suite.c %D%/scene.c %D%/scene.h \
	%D%/scratch.c %D%/scratch.h \
	%D%/test_annals.c \
	%D%/test_chronicle.c \
	%D%/test_envelope.c \
	%D%/test_history.c \
	%D%/test_keeper.c \
	%D%/test_metrics.c \
	%D%/test_monitor.c \
	%D%/test_overview.c \
	%D%/test_pause.c \
	%D%/test_recollection.c \
	%D%/test_reload.c \
	%D%/test_render_detailed.c \
	%D%/test_render_facts.c \
	%D%/test_render_history.c %D%/test_render_ietf.c \
	%D%/test_render_pages.c \
	%D%/test_render_public.c \
	%D%/test_render_text.c \
	%D%/test_report.c \
	%D%/test_rule.c \
	%D%/test_state.c \
	%D%/test_uptime.c \
	%D%/test_vault.c \
	%D%/test_verdict.c
tests_unit_monitor_test_monitor_CPPFLAGS = $(suite_cppflags)
tests_unit_monitor_test_monitor_CFLAGS = $(suite_cflags)
tests_unit_monitor_test_monitor_LDFLAGS = $(suite_ldflags)
tests_unit_monitor_test_monitor_LDADD = module/monitor/libmonitor.a $(level2_libs) $(CHECK_LIBS)
