# Units for systemd: configure --with-systemdsystemunitdir says whether and where they are installed.
units_made = %D%/probity.service %D%/probity-migrate.service
units_ready = %D%/probity.socket %D%/probity-drain.service
EXTRA_DIST += $(units_ready) %D%/probity.service.in %D%/probity-migrate.service.in %D%/probity.env
CLEANFILES += $(units_made)

# By make and not by configure, because directories hold one another's names until then.
$(units_made): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) -e 's,[@]bindir[@],$(bindir),g' \
		-e 's,[@]sysconfdir[@],$(sysconfdir),g' $< >$@.tmp && mv $@.tmp $@

if SYSTEMD
systemdsystemunitdir = $(SYSTEMD_UNITS)
systemdsystemunit_DATA = $(units_made) $(units_ready)
systemdsampledir = $(pkgdatadir)/systemd
systemdsample_DATA = %D%/probity.env
endif

# The Debian package is made from the same units.
EXTRA_DIST += debian/changelog debian/control debian/copyright debian/probity.README.Debian \
	debian/probity.dirs debian/probity.docs debian/probity.install debian/probity.lintian-overrides debian/probity.postrm debian/probity.prerm \
	debian/rules debian/source/format debian/tests/control debian/tests/smoke
