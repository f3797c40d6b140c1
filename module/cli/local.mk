probity_SOURCES = %D%/main.c %D%/check_config.c %D%/command.c %D%/command.h %D%/migrate.c
probity_LDADD = $(level2_libs)
