noinst_LIBRARIES += %D%/libprobe.a
module_probe_libprobe_a_SOURCES = \
	%D%/celery.c \
	%D%/celery_ask.c %D%/celery_ask.h \
	%D%/celery_judge.c %D%/celery_judge.h \
	%D%/celery_listener.c %D%/celery_listener.h \
	%D%/celery_queues.c %D%/celery_queues.h \
	%D%/celery_roll.c %D%/celery_roll.h \
	%D%/heartbeats.c %D%/heartbeats.h \
	%D%/http.c \
	%D%/http_ask.c %D%/http_ask.h \
	%D%/http_judge.c %D%/http_judge.h \
	%D%/http_report.c %D%/http_report.h \
	%D%/http_text.c %D%/http_text.h \
	%D%/json_body.c %D%/json_body.h \
	%D%/kind.c %D%/kind.h \
	%D%/pace.c %D%/pace.h \
	%D%/pidbox.c %D%/pidbox.h \
	%D%/postgres.c \
	%D%/postgres_facts.c %D%/postgres_facts.h \
	%D%/postgres_reason.c %D%/postgres_reason.h \
	%D%/postgres_tls.c %D%/postgres_tls.h \
	%D%/prober.c %D%/prober.h \
	%D%/probers.c %D%/probers.h \
	%D%/redis.c \
	%D%/redis_commands.c %D%/redis_commands.h \
	%D%/redis_info.c %D%/redis_info.h \
	%D%/redis_trend.c %D%/redis_trend.h \
	%D%/resp.c %D%/resp.h \
	%D%/stream_link.c %D%/stream_link.h \
	%D%/tcp.c \
	%D%/upstash.c \
	%D%/upstash_reply.c %D%/upstash_reply.h
