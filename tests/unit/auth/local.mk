check_PROGRAMS += %D%/test_auth
TESTS += %D%/test_auth
tests_unit_auth_test_auth_SOURCES = $(suite_sources) %D%/suite.c %D%/sign.c %D%/sign.h \
	%D%/test_access.c %D%/test_admission.c %D%/test_base64url.c %D%/test_claims.c \
	%D%/test_jwt.c %D%/test_pass.c
tests_unit_auth_test_auth_CPPFLAGS = $(suite_cppflags)
tests_unit_auth_test_auth_CFLAGS = $(suite_cflags)
tests_unit_auth_test_auth_LDFLAGS = $(suite_ldflags)
tests_unit_auth_test_auth_LDADD = module/auth/libauth.a $(level0_libs) $(LIBJWT_LIBS) $(CHECK_LIBS)
# For libFuzzer alone: scripts/test-all builds it.
EXTRA_DIST += tests/fuzz/fuzz_jwt.c
