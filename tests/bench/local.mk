# Measured by scripts/bench, built with everything else so that it cannot rot.
noinst_PROGRAMS += %D%/bench_ingest
tests_bench_bench_ingest_SOURCES = %D%/bench_ingest.c
tests_bench_bench_ingest_LDADD = module/ingest/libingest.a $(level1_libs) $(ZLIB_LIBS)

noinst_PROGRAMS += %D%/bench_ledger
tests_bench_bench_ledger_SOURCES = %D%/bench_ledger.c
tests_bench_bench_ledger_LDADD = module/ingest/libingest.a module/ledger/libledger.a $(level1_libs)

noinst_PROGRAMS += %D%/bench_fleet
tests_bench_bench_fleet_SOURCES = %D%/bench_fleet.c
tests_bench_bench_fleet_LDADD = module/ledger/libledger.a $(level1_libs)
