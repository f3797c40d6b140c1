"""certificates.py - an authority of a test's own, and certificates of any age that it has signed."""
# SPDX-License-Identifier: MIT
import glob
import os
import shutil
import subprocess

# openssl signs from today on; whoever needs another day lends it another clock.
FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"


def openssl(*arguments, days_ago=0):
    env = dict(os.environ)
    if days_ago:
        env.update(LD_PRELOAD=glob.glob(FAKETIME)[0], FAKETIME=f"-{days_ago}d")
    done = subprocess.run(["openssl", *arguments], env=env, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


class Certificate:
    """Two files that a server is started with; install() puts others in their place."""

    def __init__(self, path):
        self.path, self.key = path + ".pem", path + ".key"

    def install(self, other, account=None):
        for source, target, mode in ((other.key, self.key, 0o600), (other.path, self.path, 0o644)):
            shutil.copyfile(source, target + ".new")
            os.chmod(target + ".new", mode)
            if account and os.geteuid() == 0:
                shutil.chown(target + ".new", account)
            os.rename(target + ".new", target)
        return self


class Authority:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.count = folder, 0
        self.path = os.path.join(folder, "authority.pem")
        self.key = os.path.join(folder, "authority.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=an authority", "-days", "3650", "-keyout", self.key,
                "-out", self.path, days_ago=400)

    def issue(self, names="DNS:localhost,IP:127.0.0.1", days=365, days_ago=1):
        """One that holds `names` and was signed `days_ago`, for `days`."""
        self.count += 1
        made = Certificate(os.path.join(self.folder, f"certificate-{self.count}"))
        request, extensions = made.path + ".csr", made.path + ".ext"
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=a server", "-keyout", made.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key,
                "-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", made.path,
                days_ago=days_ago)
        return made

    def expired(self):
        return self.issue(days=1, days_ago=30)
