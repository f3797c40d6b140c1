noinst_LIBRARIES += %D%/libconfig.a
module_config_libconfig_a_SOURCES = \
	%D%/address.c %D%/address.h %D%/address_http.c %D%/address_redis.c %D%/builtin.c \
	%D%/builtin.h %D%/changes.c %D%/changes.h %D%/check.h %D%/checks.c %D%/checks.h \
	%D%/config.c %D%/config.h %D%/diagnose.c %D%/dsn.c %D%/dsn.h %D%/entry.c %D%/entry.h \
	%D%/entry_parts.c %D%/entry_text.c %D%/entry_text.h %D%/explain.c %D%/explain.h %D%/explain_check.c %D%/file.c %D%/file.h \
	%D%/groups.c %D%/groups.h %D%/keys.c %D%/keys.h %D%/node.c %D%/node.h %D%/place.c \
	%D%/place.h %D%/rules.c %D%/rules.h %D%/same.c %D%/same.h %D%/snapshot.c %D%/snapshot.h \
	%D%/sources.c %D%/sources.h %D%/sources_file.c %D%/substitute.c %D%/substitute.h \
	%D%/target.h %D%/url.c %D%/url.h %D%/value.c %D%/value.h
