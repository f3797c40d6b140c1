noinst_LIBRARIES += %D%/libauth.a
module_auth_libauth_a_SOURCES = \
	%D%/access.c %D%/access.h \
	%D%/admission.c %D%/admission.h \
	%D%/base64url.c %D%/base64url.h \
	%D%/claims.c %D%/claims.h \
	%D%/jwt.c %D%/jwt.h \
	%D%/pass.c %D%/pass.h
