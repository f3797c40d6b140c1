dist_man_MANS += %D%/probity.1 %D%/probityd.8
EXTRA_DIST += %D%/alerts.md %D%/architecture.md %D%/checks.md %D%/config.md %D%/events.md \
	%D%/health.md %D%/ledger.md %D%/maintenance.md %D%/metrics.md %D%/openslo.md %D%/scale.md %D%/slo.md \
	%D%/sources.md
