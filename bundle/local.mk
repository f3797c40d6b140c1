# What is installed: the programs, and with --enable-bundle everything that they load.
#
# The programs of a bundle find their libraries by a run path relative to themselves, so that the
# tree can be copied into any image and moved within it.  It is the old DT_RPATH: linkers write
# DT_RUNPATH today, which holds for the program's own needs alone, and then libpq would not find its
# libldap.  The old one holds for the needs of libraries too, and stands before LD_LIBRARY_PATH, by
# which other people's images lead programs to libraries of theirs.  Nothing has to be patched
# afterwards.  (Only for a program with file capabilities does glibc ignore $ORIGIN.)
#
# The libraries have a folder of their own, not $(libdir): under --prefix=/usr/local the system's
# loader would take them for everybody's.
#
# They are linked a second time and not in place of those that stay in the build: a program that
# begins with a loader of its own does not run before that is installed, and make check needs it.
EXTRA_DIST += %D%/collect.sh %D%/licences.sh

if BUNDLE
bin_PROGRAMS += bundled/probityd bundled/probity
noinst_PROGRAMS += probityd probity

bundle_ldflags = -Wl,--disable-new-dtags,-rpath,'$$ORIGIN/$(BUNDLE_PATH)'
if BUNDLE_LIBC
# A path as the kernel wants it, absolute: this kind can't be moved.
bundle_ldflags += -Wl,--dynamic-linker=$(pkglibdir)/$(BUNDLE_LOADER)
endif

bundled_probityd_SOURCES = $(probityd_SOURCES)
bundled_probityd_LDADD = $(probityd_LDADD)
bundled_probityd_LDFLAGS = $(AM_LDFLAGS) $(bundle_ldflags)
EXTRA_bundled_probityd_DEPENDENCIES = Makefile
bundled_probity_SOURCES = $(probity_SOURCES)
bundled_probity_LDADD = $(probity_LDADD)
bundled_probity_LDFLAGS = $(AM_LDFLAGS) $(bundle_ldflags)
EXTRA_bundled_probity_DEPENDENCIES = Makefile

bundled/lib.stamp: probityd probity Makefile %D%/collect.sh %D%/licences.sh
	$(AM_V_GEN)$(MKDIR_P) bundled && LDD='$(LDD)' $(SHELL) $(srcdir)/%D%/collect.sh \
		$(BUNDLE_KIND) bundled/lib probityd probity >bundled/paths \
		&& $(SHELL) $(srcdir)/%D%/licences.sh bundled/licences <bundled/paths && : >$@

all-local: bundled/lib.stamp

# The kernel wants a loader that may be executed; what else is there need not be.
install-exec-local: bundled/lib.stamp
	$(MKDIR_P) "$(DESTDIR)$(pkglibdir)"
	for file in bundled/lib/*; do \
		case $$file in \
		*/$(BUNDLE_LOADER)) $(INSTALL_SCRIPT) "$$file" "$(DESTDIR)$(pkglibdir)" ;; \
		*) $(INSTALL_DATA) "$$file" "$(DESTDIR)$(pkglibdir)" ;; \
		esac || exit 1; \
	done

# Whoever hands a library on hands its licence on with it.
licencesdir = $(docdir)/licences
install-data-local: bundled/lib.stamp
	$(MKDIR_P) "$(DESTDIR)$(licencesdir)"
	for file in bundled/licences/*; do \
		test ! -f "$$file" || $(INSTALL_DATA) "$$file" "$(DESTDIR)$(licencesdir)" || exit 1; \
	done

uninstall-local:
	for file in bundled/lib/*; do \
		rm -f "$(DESTDIR)$(pkglibdir)/$${file##*/}"; \
	done
	for file in bundled/licences/*; do \
		rm -f "$(DESTDIR)$(licencesdir)/$${file##*/}"; \
	done
	-rmdir "$(DESTDIR)$(pkglibdir)" "$(DESTDIR)$(licencesdir)" "$(DESTDIR)$(docdir)"

clean-local:
	rm -rf bundled
else
bin_PROGRAMS += probityd probity
endif
