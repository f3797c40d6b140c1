noinst_LIBRARIES += %D%/libdaemon.a
module_daemon_libdaemon_a_SOURCES = %D%/house.c %D%/house.h %D%/slo_side.c %D%/slo_side.h
