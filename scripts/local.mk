EXTRA_DIST += %D%/build %D%/deps %D%/run %D%/test %D%/test-all %D%/sum-results %D%/bench %D%/bench-fleet %D%/bench-flips %D%/bench-front %D%/bench-hung %D%/bench-ingest %D%/bench-ledger
