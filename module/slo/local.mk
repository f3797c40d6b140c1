noinst_LIBRARIES += %D%/libslo.a
module_slo_libslo_a_SOURCES = %D%/fraction.h %D%/objective.h %D%/histogram.h %D%/tally.h %D%/window.h %D%/budget.h
