EXTRA_DIST += %D%/architecture.md %D%/config.md
