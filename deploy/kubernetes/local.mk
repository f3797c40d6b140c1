# Manifests for Kubernetes; folders are copied whole.
EXTRA_DIST += %D%/base %D%/example %D%/gateway %D%/in-image %D%/migrate %D%/prometheus %D%/worker
