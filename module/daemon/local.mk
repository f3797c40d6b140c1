noinst_LIBRARIES += %D%/libdaemon.a
module_daemon_libdaemon_a_SOURCES = \
	%D%/herald.c %D%/herald.h %D%/house.c %D%/house.h %D%/outset.c %D%/outset.h %D%/settings.c %D%/settings.h \
	%D%/slo_side.c %D%/slo_side.h %D%/steward.c %D%/steward.h
