check_PROGRAMS += %D%/test_probe
TESTS += %D%/test_probe
tests_unit_probe_test_probe_SOURCES = $(suite_sources) %D%/suite.c \
	%D%/fixture.c %D%/fixture.h \
	%D%/test_celery_judge.c \
	%D%/test_celery_queues.c \
	%D%/test_celery_roll.c \
	%D%/test_heartbeats.c \
	%D%/test_http_judge.c \
	%D%/test_http_text.c \
	%D%/test_json_body.c \
	%D%/test_kind.c \
	%D%/test_pace.c \
	%D%/test_pidbox.c \
	%D%/test_postgres_facts.c \
	%D%/test_postgres_reason.c %D%/test_postgres_tls.c \
	%D%/test_redis_commands.c \
	%D%/test_redis_info.c \
	%D%/test_redis_trend.c \
	%D%/test_resp.c \
	%D%/test_upstash_reply.c
tests_unit_probe_test_probe_CPPFLAGS = $(suite_cppflags)
tests_unit_probe_test_probe_CFLAGS = $(suite_cflags)
tests_unit_probe_test_probe_LDFLAGS = $(suite_ldflags)
tests_unit_probe_test_probe_LDADD = module/probe/libprobe.a module/health/libhealth.a \
	$(level0_libs) $(HIREDIS_LIBS) $(CHECK_LIBS)
EXTRA_DIST += tests/data/pidbox/heartbeat.json tests/data/pidbox/reply_active_queues.json \
	tests/data/pidbox/reply_nosuch.json tests/data/pidbox/reply_ping.json
