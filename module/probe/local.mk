noinst_LIBRARIES += %D%/libprobe.a
module_probe_libprobe_a_SOURCES = \
	%D%/http.c %D%/http_text.c %D%/http_text.h %D%/kind.c %D%/kind.h \
	%D%/pace.c %D%/pace.h %D%/postgres.c %D%/postgres_reason.c %D%/postgres_reason.h \
	%D%/prober.c %D%/prober.h %D%/redis.c %D%/redis_info.c %D%/redis_info.h %D%/resp.c %D%/resp.h
