noinst_LIBRARIES += %D%/libauth.a
module_auth_libauth_a_SOURCES = %D%/access.h
