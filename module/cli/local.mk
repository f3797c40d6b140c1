probity_SOURCES = %D%/main.c
probity_LDADD = $(level2_libs)
