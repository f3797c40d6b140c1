noinst_LIBRARIES += %D%/libserve.a
module_serve_libserve_a_SOURCES = \
	%D%/child.c %D%/child.h %D%/conductor.c %D%/conductor.h %D%/cue.c %D%/cue.h %D%/host.c \
	%D%/host.h %D%/programs.c %D%/programs.h %D%/render.c %D%/render.h %D%/resolver.c \
	%D%/resolver.h %D%/rotate.c %D%/rotate.h %D%/serve.c %D%/serve.h %D%/site.c %D%/site.h \
	%D%/template.c %D%/template.h
module_serve_libserve_a_CPPFLAGS = $(AM_CPPFLAGS) -DNGINX_FOLDER=\"$(nginxdir)\"
