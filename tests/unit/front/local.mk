noinst_PROGRAMS += %D%/front_trial
tests_unit_front_front_trial_SOURCES = %D%/front_trial.c
tests_unit_front_front_trial_LDADD = module/front/libfront.a $(level2_libs) $(FCGI_LIBS)
