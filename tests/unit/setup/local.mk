check_PROGRAMS += %D%/test_setup
TESTS += %D%/test_setup
tests_unit_setup_test_setup_SOURCES = $(suite_sources) %D%/suite.c %D%/test_image.c \
	%D%/test_materials.c %D%/test_port.c %D%/test_sheet.c %D%/test_survey.c %D%/test_toml.c \
	%D%/test_words.c
tests_unit_setup_test_setup_CPPFLAGS = $(suite_cppflags)
tests_unit_setup_test_setup_CFLAGS = $(suite_cflags)
tests_unit_setup_test_setup_LDFLAGS = $(suite_ldflags)
tests_unit_setup_test_setup_LDADD = module/setup/libsetup.a $(level0_libs) $(CHECK_LIBS)
EXTRA_DIST += tests/data/init
