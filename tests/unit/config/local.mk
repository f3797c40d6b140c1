check_PROGRAMS += %D%/test_config
TESTS += %D%/test_config
tests_unit_config_test_config_SOURCES = $(suite_sources) %D%/environment.c %D%/environment.h \
	%D%/suite.c %D%/test_address.c %D%/test_changes.c %D%/test_checks.c %D%/test_config.c \
	%D%/test_diagnose.c %D%/test_dsn.c %D%/test_entry.c \
	%D%/test_entry_parts.c %D%/test_explain.c %D%/test_file.c %D%/test_groups.c %D%/test_keys.c \
	%D%/test_node.c %D%/test_place.c %D%/test_rules.c %D%/test_same.c %D%/test_snapshot.c %D%/test_sources.c \
	%D%/test_sources_file.c %D%/test_substitute.c %D%/test_url.c %D%/test_value.c
tests_unit_config_test_config_CPPFLAGS = $(suite_cppflags) -I$(srcdir)/%D%
tests_unit_config_test_config_CFLAGS = $(suite_cflags)
tests_unit_config_test_config_LDFLAGS = $(suite_ldflags)
tests_unit_config_test_config_LDADD = $(level1_libs) $(CHECK_LIBS)
