noinst_LIBRARIES += %D%/libpage.a
module_page_libpage_a_SOURCES = %D%/page.h %D%/slot.h %D%/metrics.h
