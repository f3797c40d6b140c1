EXTRA_DIST += %D%/build %D%/deps %D%/run
