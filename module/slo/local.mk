noinst_LIBRARIES += %D%/libslo.a
module_slo_libslo_a_SOURCES = \
	%D%/alert.c \
	%D%/alert.h \
	%D%/budget.c \
	%D%/budget.h \
	%D%/calendar.c \
	%D%/calendar.h \
	%D%/catalogue.c \
	%D%/catalogue.h \
	%D%/forecast.c \
	%D%/forecast.h \
	%D%/fraction.c \
	%D%/fraction.h \
	%D%/histogram.c \
	%D%/histogram.h \
	%D%/incident.c \
	%D%/incident.h \
	%D%/lint.c \
	%D%/lint.h \
	%D%/lint_text.c \
	%D%/objective.c \
	%D%/objective.h \
	%D%/rule.c \
	%D%/rule.h \
	%D%/selector.c \
	%D%/selector.h \
	%D%/slices.c \
	%D%/slices.h \
	%D%/tally.c \
	%D%/tally.h \
	%D%/wide.c \
	%D%/wide.h \
	%D%/wilson.c \
	%D%/wilson.h \
	%D%/window.c \
	%D%/window.h
