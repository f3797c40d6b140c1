noinst_LIBRARIES += %D%/libprobe.a
module_probe_libprobe_a_SOURCES = %D%/prober.h
