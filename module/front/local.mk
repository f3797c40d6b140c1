noinst_LIBRARIES += %D%/libfront.a
module_front_libfront_a_SOURCES = %D%/front.h %D%/listen.c %D%/record.c %D%/record.h
