check_PROGRAMS += %D%/test_ledger
TESTS += %D%/test_ledger
tests_unit_ledger_test_ledger_SOURCES = $(suite_sources) %D%/suite.c %D%/test_arrays.c \
	%D%/test_counted.c %D%/test_coverage.c %D%/test_derived.c \
	%D%/test_desk.c %D%/test_estimate.c %D%/test_feed.c %D%/test_history.c %D%/test_plan.c \
	%D%/test_rows.c %D%/test_schema.c %D%/test_trouble.c
tests_unit_ledger_test_ledger_CPPFLAGS = $(suite_cppflags)
tests_unit_ledger_test_ledger_CFLAGS = $(suite_cflags)
tests_unit_ledger_test_ledger_LDFLAGS = $(suite_ldflags)
tests_unit_ledger_test_ledger_LDADD = module/ledger/libledger.a $(level1_libs) $(CHECK_LIBS)

# Drives the writer and the reader for tests/integration/test_ledger*.py.
noinst_PROGRAMS += tests/integration/ledger_driver
tests_integration_ledger_driver_SOURCES = tests/integration/ledger_driver.c
tests_integration_ledger_driver_LDADD = module/ledger/libledger.a $(level1_libs)

# And leases for test_ledger_alerts.py.
noinst_PROGRAMS += tests/integration/alerts_driver
tests_integration_alerts_driver_SOURCES = tests/integration/alerts_driver.c
tests_integration_alerts_driver_LDADD = module/ledger/libledger.a $(level1_libs)
