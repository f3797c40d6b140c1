noinst_LIBRARIES += %D%/libmonitor.a
module_monitor_libmonitor_a_SOURCES = \
	%D%/annals.c %D%/annals.h \
	%D%/chronicle.c %D%/chronicle.h \
	%D%/envelope.c %D%/envelope.h \
	%D%/history.c %D%/history.h \
	%D%/keeper.c %D%/keeper.h \
	%D%/keeping.h \
	%D%/metrics.c \
	%D%/metrics_facts.c \
	%D%/monitor.c %D%/monitor.h \
	%D%/overview.c %D%/overview.h \
	%D%/pause.c %D%/pause.h \
	%D%/recollection.c %D%/recollection.h \
	%D%/reload.c \
	%D%/render.h \
	%D%/render_detailed.c \
	%D%/render_facts.c \
	%D%/render_history.c \
	%D%/render_ietf.c \
	%D%/render_pages.c \
	%D%/render_public.c \
	%D%/render_text.c \
	%D%/report.c %D%/report.h \
	%D%/rule.c %D%/rule.h \
	%D%/state.c %D%/state.h \
	%D%/summary.c %D%/summary.h \
	%D%/uptime.c %D%/uptime.h \
	%D%/vault.c %D%/vault.h \
	%D%/verdict.c %D%/verdict.h
