noinst_LIBRARIES += %D%/libhealth.a
module_health_libhealth_a_SOURCES = \
	%D%/hysteresis.c %D%/hysteresis.h \
	%D%/latency.c %D%/latency.h \
	%D%/order.c %D%/order.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/reason.c %D%/reason.h %D%/reason_wire.h
