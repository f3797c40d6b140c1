EXTRA_DIST += %D%/fly.toml
