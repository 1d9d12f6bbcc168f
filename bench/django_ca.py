# SPDX-License-Identifier: EUPL-1.2
"""django-ca's responder as a peer: a program of its own, in an environment of its own, asked over HTTP.

It is under the GPL and is neither imported nor installed beside us: ``prepare`` makes a virtual environment
in ``var/bench`` by pip. Where that cannot be had the row says so, and its limit counts as missed. It knows
one certificate, its answer signed ahead and in Django's memory cache: the quickest that it can do. The same
server as ours, granian, with one worker.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.harness import ROOT

VERSION = "3.2.0"
_HOME = ROOT / "var" / "bench" / f"django-ca-{VERSION}"
_PACKAGES = (f"django-ca=={VERSION}", "granian==2.8.7")

_SETTINGS = """import os
from datetime import timedelta
SECRET_KEY = "benchmark"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_object_actions", "django_ca"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "django-ca": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "keys"}}}
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CA_DEFAULT_HOSTNAME = "127.0.0.1"
if os.environ["CACHED"] == "yes":
    CA_OCSP_RESPONSE_CACHE_EXPIRES = timedelta(days=2)
"""
_FILES = {
    "settings.py": _SETTINGS,
    "urls.py": 'from django.urls import include, path\nurlpatterns = [path("", include("django_ca.urls"))]\n',
    "wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
}


@dataclass(frozen=True)
class Peer:
    """How to start it, and what to ask."""

    folder: Path
    path: str
    """Of its OCSP address."""
    request: Path
    """DER of the question it holds the answer to."""

    def command(self, port: int) -> list[str]:
        """The server; runs in ``folder`` with ``environment``."""
        server = [
            str(_HOME / "bin" / "granian"),
            "--interface",
            "wsgi",
            "--workers",
            "1",
            "--no-ws",
            "--blocking-threads",
            "2",
        ]
        return [*server, "--port", str(port), "wsgi:application"]


def environment(*, cached: bool = True) -> dict[str, str]:
    """For its programs."""
    settings = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": ".", "CACHED": "yes" if cached else "no"}
    return {"PATH": os.environ["PATH"], **settings}


class CannotInstall(Exception):
    """django-ca is not to be had; the text says why."""


def prepare(folder: Path) -> Peer:
    """An authority with one certificate whose answer is cached; CannotInstall where there is no django-ca."""
    _install()
    folder.mkdir()
    for name, text in _FILES.items():
        (folder / name).write_text(text)
    _manage(folder, "migrate")
    # A root's own answer cannot be cached, and making one with caching fails on that.
    root = ("Peer", "CN=Peer", "--key-type=EC", "--elliptic-curve=secp256r1", "--path-length=0")
    _manage(folder, "init_ca", *root, cached=False)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Holder"]
    _run(folder, ["openssl", "req", "-new", *key, "-keyout", "holder.key", "-out", "holder.csr"])
    authority = _manage(folder, "list_cas").split()[0]
    words = [f"--ca={authority}", "--csr=holder.csr", "--subject-alternative-name=DNS:holder.test"]
    (folder / "holder.pem").write_text(_manage(folder, "sign_cert", *words, "--output-format=pem"))
    _manage(folder, "generate_ocsp_responses")
    (folder / "ca.pem").write_text(_manage(folder, "view_ca", authority, "--output-format=pem"))
    asked = ["openssl", "ocsp", "-sha256", "-no_nonce", "-issuer", "ca.pem", "-cert", "holder.pem"]
    _run(folder, [*asked, "-reqout", "request.der"])
    return Peer(folder, f"/ocsp/{authority.replace(':', '')}/cert/", folder / "request.der")


def _install() -> None:
    if (_HOME / "installed").exists():
        return
    try:
        _run(ROOT, [sys.executable, "-m", "venv", "--clear", str(_HOME)])
        _run(ROOT, [str(_HOME / "bin" / "pip"), "install", "--quiet", *_PACKAGES])
    except subprocess.SubprocessError as error:
        raise CannotInstall(f"django-ca cannot be installed: {str(error).splitlines()[-1]}") from error
    (_HOME / "installed").touch()


def _manage(folder: Path, *words: str, cached: bool = True) -> str:
    return _run(folder, [str(_HOME / "bin" / "django-admin"), *words], cached=cached)


def _run(folder: Path, command: Sequence[str], *, cached: bool = True) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(cached=cached),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise subprocess.SubprocessError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout
