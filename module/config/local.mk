noinst_LIBRARIES += %D%/libconfig.a
module_config_libconfig_a_SOURCES = \
	%D%/address.c %D%/address.h %D%/changes.c %D%/changes.h %D%/check.h %D%/checks.c %D%/checks.h %D%/config.c \
	%D%/config.h %D%/diagnose.c %D%/dsn.c %D%/dsn.h %D%/explain.c %D%/keys.c %D%/keys.h %D%/node.c %D%/node.h \
	%D%/same.c %D%/same.h %D%/snapshot.c %D%/snapshot.h %D%/sources.c %D%/sources.h %D%/sources_file.c %D%/target.h \
	%D%/url.c %D%/url.h %D%/value.c %D%/value.h
