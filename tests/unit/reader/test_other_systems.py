# SPDX-License-Identifier: EUPL-1.2
"""Nothing in the card reader program stops Windows or macOS: it does without what they do not have."""

from __future__ import annotations

import subprocess
import sys

import pytest

from varmentaja.reader.protection import keep_memory_private

UNIX_ALONE = ("fcntl", "resource", "pwd", "grp", "termios", "syslog")

IMPORT_ALL = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in {UNIX_ALONE!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refuse())
for name in {UNIX_ALONE!r}:
    sys.modules.pop(name, None)

import os, socket, socketserver
missing = {{
    socket: ("AF_UNIX", "TCP_QUICKACK", "SO_PEERCRED"),
    os: ("getuid", "geteuid", "fork"),
    socketserver: ("UnixStreamServer", "ThreadingUnixStreamServer", "UnixDatagramServer"),
}}
for module, names in missing.items():
    for name in names:
        delattr(module, name)

import importlib, pkgutil
import varmentaja.reader
names = [each.name for each in pkgutil.walk_packages(varmentaja.reader.__path__, "varmentaja.reader.")]
for name in names:
    importlib.import_module(name)
print(len(names), "varmentaja.reader.window.app" in names)

# Cards over the wire, as the virtual reader sees them.
import threading
from varmentaja.card.vpcd import CardSlot, plug, serve_card

class Card:
    atr = b"\\x3b\\x00"
    def reset(self): pass
    def transmit(self, apdu): return apdu + b"\\x90\\x00"

slot = CardSlot()
threading.Thread(target=lambda: serve_card(plug("127.0.0.1", slot.port), Card()), daemon=True).start()
transport = slot.wait_for_card(20)
print(transport.atr == Card.atr, transport.transmit(b"\\x00\\xa4") == b"\\x00\\xa4\\x90\\x00")
"""


def test_the_program_is_imported_and_cards_are_spoken_with_where_only_python_is() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    number, *rest = done.stdout.split()
    assert int(number) > 50
    assert rest == ["True", "True", "True"]


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_memory_is_kept_as_private_as_the_system_can(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[object] = []
    monkeypatch.setattr(sys, "platform", system)
    if system == "win32":
        monkeypatch.setitem(sys.modules, "resource", None)
    else:
        monkeypatch.setattr("resource.setrlimit", lambda *limit: limits.append(limit))
    keep_memory_private()
    assert len(limits) == (0 if system == "win32" else 1)
