noinst_PROGRAMS += tests/integration/ledger_driver
tests_integration_ledger_driver_SOURCES = tests/integration/ledger_driver.c
tests_integration_ledger_driver_LDADD = module/ledger/libledger.a $(level1_libs)
