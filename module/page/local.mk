noinst_LIBRARIES += %D%/libpage.a
module_page_libpage_a_SOURCES = \
	%D%/maintenance.c %D%/maintenance.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/page.c %D%/page.h \
	%D%/set.h \
	%D%/slot.c %D%/slot.h
