# SPDX-License-Identifier: EUPL-1.2
"""A fresh Debian installs the card reader program as people do, and activates a card with it.

Reduced, apt only works out what it would install; at full size debootstrap makes the Debian and apt fetches
and installs all of it, which takes the network and some minutes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.amount import IS_SOAK, tell
from tests.support.cards import CODE, GENERATION, PIN1, PIN2, SERIAL, chip_key, order
from tests.support.demo_cards import certify
from tests.support.pcsc import Pcsc
from tests.support.pki import Demo
from tests.support.reader_package import build, installation_on_a_fresh_debian

from varmentaja.card.personalise import personalise, run

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

MIRROR = "http://deb.debian.org/debian"
NO_SERVICES = "#!/bin/sh\nexit 101\n"
"""policy-rc.d: a service that is installed is not started."""


def in_fresh(root: Path, *command: str) -> None:
    """Run something inside."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    whole = ["chroot", str(root), *command]
    done = subprocess.run(whole, env=environment, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr


def make_debian(root: Path) -> None:
    """The least that is a Debian."""
    make = ["debootstrap", "--variant=minbase", "bookworm", str(root), MIRROR]
    done = subprocess.run(make, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text(NO_SERVICES)
    policy.chmod(0o755)


@pytest.mark.timeout(7200)
def test_a_fresh_debian_installs_the_program_and_activates_a_card(
    pcsc: Pcsc, demo: Demo, tmp_path: Path
) -> None:
    assert demo.folder
    package = build(tmp_path, demo.folder).file(".deb")
    along = installation_on_a_fresh_debian(package, tmp_path)
    assert "pcscd" in along and along[-1] == "varmentaja-reader"
    if IS_SOAK:
        root = tmp_path / "debian"
        make_debian(root)
        shutil.copy(package, root / package.name)
        in_fresh(root, "apt-get", "-q", "update")
        in_fresh(root, "apt-get", "-qy", "install", "--no-install-recommends", f"/{package.name}")
        in_fresh(root, "dpkg", "--status", "pcscd")
        activate(pcsc, demo, root)
        shutil.rmtree(root)
        tell("A fresh Debian", f"{package.name} and {len(along) - 1} packages along: a card was activated.")


def activate(pcsc: Pcsc, demo: Demo, root: Path) -> None:
    """With the installed program and all of its libraries; the card service is the tests' own."""
    pcsc.host.create(SERIAL, chip_key(), GENERATION)
    transport = pcsc.host.connect(SERIAL)
    run(personalise(order(), chip_key()), transport.transmit, lambda request: certify(demo, request))
    transport.close()
    pcsc.insert()
    run_folder = root / "run"
    assert pcsc.run(["mount", "--bind", "/run", str(run_folder)]).returncode == 0

    def program(arguments: Sequence[str], typed: str = "") -> str:
        inside = ["/usr/sbin/chroot", str(root), "/usr/bin/varmentaja-reader", *arguments]
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        done = pcsc.run(inside, env=environment, input=typed)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    typed = json.dumps({"code": CODE, "pin1": PIN1, "pin2": PIN2}) + "\n"
    assert "activated" in program(["activate", "--pin-fd", "0"], typed)
    assert "Äijälä" in program(["show"])
    pcsc.pull()
