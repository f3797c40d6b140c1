# What people include into their own nginx.
nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = %D%/probity-http.conf %D%/probity-server.conf \
	%D%/nginx.conf.template
