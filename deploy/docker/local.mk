# Images and the compose file; nothing of it is installed.
EXTRA_DIST += .dockerignore %D%/Dockerfile %D%/docker-compose.prod.yml %D%/env.example \
	%D%/gateway.conf.template
