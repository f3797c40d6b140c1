check_PROGRAMS += %D%/test_page
TESTS += %D%/test_page
tests_unit_page_test_page_SOURCES = $(suite_sources) %D%/suite.c \
	%D%/test_metrics.c %D%/test_page.c %D%/test_slot.c
tests_unit_page_test_page_CPPFLAGS = $(suite_cppflags)
tests_unit_page_test_page_CFLAGS = $(suite_cflags)
tests_unit_page_test_page_LDFLAGS = $(suite_ldflags)
tests_unit_page_test_page_LDADD = module/page/libpage.a $(level1_libs) $(CHECK_LIBS)
