noinst_LIBRARIES += %D%/libmonitor.a
module_monitor_libmonitor_a_SOURCES = %D%/monitor.h
