"""A bare Debian root, in which packages are tried: made by mmdebstrap, entered as root."""
import contextlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

# What an installation may leave after a purge: the package manager's own books, caches and logs.
LEFT_BY_APT = re.compile(r"^/(var/(lib|cache|log)/(apt|dpkg|debconf|systemd|polkit-1)|var/log|var/cache/(ldconfig|debconf)|"
                         r"etc/(ld\.so\.cache|passwd|group|shadow|gshadow|subuid|subgid)|run|proc|sys|dev|tmp)")


def say(text):
    print(f"== {text}", flush=True)


def fail(text):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {text}")


class Root:
    """A folder that is a machine's root."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def run(self, *command, user=None, environment=None, check=True):
        result = subprocess.run(self._command(command, user, environment), text=True, errors="replace",
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if check and result.returncode != 0:
            fail(f"{shlex.join(command)} ended with {result.returncode}:\n{result.stdout}")
        return result

    def start(self, *command, user=None, environment=None):
        return subprocess.Popen(self._command(command, user, environment), text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def _command(self, command, user, environment):
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                    **(environment or {})}
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--no-new-privs",
                  "--bounding-set=-all"] if user else []
        return ["chroot", str(self.path), "env", "-i", *(f"{name}={value}" for name, value in settings.items()),
                *become, *command]

    def exists(self, path):
        return os.path.lexists(self.path / path.lstrip("/"))

    def files(self):
        found = set()
        for folder, folders, names in os.walk(self.path):
            inside = "/" + str(pathlib.Path(folder).relative_to(self.path)).lstrip(".")
            folders[:] = [name for name in folders if not LEFT_BY_APT.match(os.path.join(inside, name))]
            found.update(os.path.join(inside, name) for name in names + folders)
        return {path for path in found if not LEFT_BY_APT.match(path)}


@contextlib.contextmanager
def bare_root(cache):
    with tempfile.TemporaryDirectory(prefix="neoid-root-") as folder:
        root = pathlib.Path(folder) / "root"
        if cache and cache.exists():
            say("unpacking the bare Debian root that was made before")
            root.mkdir()
            subprocess.run(["tar", "-xf", cache, "-C", root], check=True)
        else:
            say("making a bare Debian root (mmdebstrap; a minute or two)")
            subprocess.run(["mmdebstrap", "--quiet", "--variant=apt", "--include=systemd", "bookworm", str(root)], check=True)
            if cache:
                cache.parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["tar", "-cf", cache, "-C", root, "."], check=True)
        os.chmod(folder, 0o755)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        subprocess.run(["mount", "--rbind", "--make-rslave", "/proc", root / "proc"], check=True)
        subprocess.run(["mount", "--rbind", "--make-rslave", "/dev", root / "dev"], check=True)
        try:
            yield Root(root)
        finally:
            for name in ("proc", "dev"):
                subprocess.run(["umount", "-l", root / name], check=True)
