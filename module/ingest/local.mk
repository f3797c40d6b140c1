noinst_LIBRARIES += %D%/libingest.a
module_ingest_libingest_a_SOURCES = %D%/follow.h
