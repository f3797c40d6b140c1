noinst_LIBRARIES += %D%/libhealth.a
module_health_libhealth_a_SOURCES = %D%/reason.h %D%/outcome.h %D%/hysteresis.h
