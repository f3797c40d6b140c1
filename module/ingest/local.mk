noinst_LIBRARIES += %D%/libingest.a
module_ingest_libingest_a_SOURCES = \
	%D%/classify.c \
	%D%/classify.h \
	%D%/combined.c \
	%D%/combined.h \
	%D%/decimal.c \
	%D%/decimal.h \
	%D%/fields.c \
	%D%/fields.h \
	%D%/file.c \
	%D%/file.h \
	%D%/follow.c \
	%D%/follow.h \
	%D%/follower.h \
	%D%/format.c \
	%D%/format.h \
	%D%/handover.c \
	%D%/head.c \
	%D%/head.h \
	%D%/line.c \
	%D%/line.h \
	%D%/reject.h \
	%D%/report.c \
	%D%/scan.c \
	%D%/scan.h \
	%D%/sheet.c \
	%D%/sheet.h \
	%D%/sibling.c \
	%D%/sibling.h \
	%D%/target.c \
	%D%/target.h \
	%D%/trail.c \
	%D%/trail.h \
	%D%/turn.c \
	%D%/usual.c \
	%D%/usual.h \
	%D%/word.h
