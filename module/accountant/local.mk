noinst_LIBRARIES += %D%/libaccountant.a
module_accountant_libaccountant_a_SOURCES = %D%/accountant.h
