check_PROGRAMS += %D%/test_serve
TESTS += %D%/test_serve
tests_unit_serve_test_serve_SOURCES = $(suite_sources) %D%/suite.c %D%/test_child.c \
	%D%/test_conductor.c %D%/test_cue.c %D%/test_host.c %D%/test_render.c %D%/test_resolver.c \
	%D%/test_rotate.c %D%/test_site.c %D%/test_template.c
tests_unit_serve_test_serve_CPPFLAGS = $(suite_cppflags)
tests_unit_serve_test_serve_CFLAGS = $(suite_cflags)
tests_unit_serve_test_serve_LDFLAGS = $(suite_ldflags)
tests_unit_serve_test_serve_LDADD = module/serve/libserve.a $(level1_libs) $(CHECK_LIBS)
