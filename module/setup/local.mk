# The files of deploy/ that `probity init` prints or writes.
setup_kubernetes = deploy/kubernetes/base/checks.yaml deploy/kubernetes/base/deployment.yaml \
	deploy/kubernetes/base/kustomization.yaml deploy/kubernetes/base/networkpolicy.yaml \
	deploy/kubernetes/base/poddisruptionbudget.yaml deploy/kubernetes/base/secret.example.yaml \
	deploy/kubernetes/base/service.yaml deploy/kubernetes/base/serviceaccount.yaml \
	deploy/kubernetes/worker/deployment.yaml deploy/kubernetes/worker/kustomization.yaml \
	deploy/kubernetes/worker/networkpolicy.yaml
setup_materials = deploy/docker/Dockerfile deploy/docker/docker-compose.prod.yml \
	deploy/docker/env.example deploy/fly/fly.toml deploy/railway/railway.ts deploy/systemd/probity.env $(setup_kubernetes)
EXTRA_DIST += %D%/embed.sh $(setup_materials)

noinst_LIBRARIES += %D%/libsetup.a
module_setup_libsetup_a_SOURCES = \
	%D%/advice.c %D%/advice.h %D%/dockerfile.c %D%/dockerfile.h %D%/image.c %D%/image.h \
	%D%/materials.c %D%/materials.h %D%/notes.c %D%/notes.h %D%/port.c %D%/port.h %D%/readers.h \
	%D%/readers_app.c %D%/readers_platform.c %D%/sheet.c %D%/sheet.h %D%/sheet_files.c %D%/sheet_image.c \
	%D%/survey.c %D%/survey.h %D%/toml.c %D%/toml.h %D%/words.c %D%/words.h
nodist_module_setup_libsetup_a_SOURCES = module/setup/materials_data.c
CLEANFILES += module/setup/materials_data.c module/setup/materials_data.c.tmp

module/setup/materials_data.c: %D%/embed.sh %D%/local.mk $(setup_materials)
	$(AM_V_GEN)$(MKDIR_P) module/setup && sh $(srcdir)/%D%/embed.sh $(srcdir) $(setup_materials) >$@.tmp && mv $@.tmp $@
