noinst_LIBRARIES += %D%/libaccountant.a
module_accountant_libaccountant_a_SOURCES = \
	%D%/accountant.c \
	%D%/accountant.h \
	%D%/alarm_judge.c \
	%D%/alarm_judge.h \
	%D%/alarm_render.c \
	%D%/alarm_render.h \
	%D%/alarm_store.c \
	%D%/alarm_store.h \
	%D%/alarm_words.c \
	%D%/alarm_words.h \
	%D%/alarms.c \
	%D%/alarms.h \
	%D%/book.c \
	%D%/book.h \
	%D%/clerk.c \
	%D%/clerk.h \
	%D%/hour.c \
	%D%/hour.h \
	%D%/incidents.c \
	%D%/incidents.h \
	%D%/latency.c \
	%D%/latency.h \
	%D%/logs.c \
	%D%/logs.h \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/publish.c \
	%D%/publish.h \
	%D%/render.c \
	%D%/render.h \
	%D%/trouble.c \
	%D%/trouble.h \
	%D%/verdict.c \
	%D%/verdict.h \
	%D%/waivers.c \
	%D%/waivers.h
