noinst_LIBRARIES += %D%/libfront.a
module_front_libfront_a_SOURCES = \
	%D%/account.c %D%/account.h %D%/connections.c %D%/connections.h %D%/counters.c \
	%D%/counters.h %D%/doorman.c %D%/doorman.h %D%/drain.c %D%/events.c %D%/exclusions.c %D%/figures.c %D%/figures.h \
	%D%/front.c %D%/front.h %D%/gate.c %D%/handlers.h %D%/health.c %D%/history.c %D%/intake.c \
	%D%/intake.h %D%/lag.c %D%/lag.h %D%/lane.c %D%/lane.h %D%/ledger.c %D%/ledger.h \
	%D%/listen.c %D%/look.c %D%/look.h %D%/metrics.c %D%/negotiate.c %D%/negotiate.h \
	%D%/override.c %D%/process.c %D%/process.h %D%/query.c %D%/query.h %D%/reactor.c %D%/reactor.h \
	%D%/record.c %D%/record.h %D%/request.c %D%/request.h %D%/response.c %D%/response.h \
	%D%/router.c %D%/router.h %D%/slo.c %D%/sources.h %D%/when.c %D%/when.h
