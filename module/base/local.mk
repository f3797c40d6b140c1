noinst_LIBRARIES += %D%/libbase.a
module_base_libbase_a_SOURCES = \
	%D%/arena.c %D%/arena.h %D%/auto.c %D%/auto.h %D%/buf.c %D%/buf.h %D%/clock.c %D%/clock.h %D%/credentials.c %D%/credentials.h \
	%D%/descriptors.c %D%/descriptors.h \
	%D%/error.c %D%/error.h %D%/folder.c %D%/folder.h %D%/idle.c %D%/idle.h %D%/json.c %D%/json.h %D%/limits.h %D%/log.c %D%/log.h \
	%D%/loop.c %D%/loop.h %D%/notify.c %D%/notify.h %D%/options.c %D%/options.h \
	%D%/pq.c %D%/pq.h %D%/queue.c %D%/queue.h %D%/random.c %D%/random.h \
	%D%/signals.c %D%/signals.h %D%/slice.c %D%/slice.h %D%/stream.c %D%/stream.h %D%/thread.c %D%/thread.h %D%/tls.c %D%/tls.h \
	%D%/tls_authorities.c %D%/tls_authorities.h \
	%D%/tls_context.c %D%/tls_context.h %D%/tls_system.c %D%/tls_system.h %D%/utf8.c %D%/utf8.h \
	%D%/yaml.c %D%/yaml.h
