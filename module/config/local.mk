noinst_LIBRARIES += %D%/libconfig.a
module_config_libconfig_a_SOURCES = %D%/check.h %D%/config.h
