# SPDX-License-Identifier: EUPL-1.2
"""SoftHSM, with tokens in a folder of this process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pkcs11
import pytest

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "258036"


@pytest.fixture(scope="session")
def new_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Makes a token and returns its label."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    environment = pytest.MonkeyPatch()
    environment.setenv("SOFTHSM2_CONF", str(configuration))
    if MODULE in pkcs11._loaded:
        pkcs11.lib(MODULE).reinitialize()

    def make(label: str) -> str:
        command = f"softhsm2-util --init-token --free --label {label} --so-pin 12345678 --pin {PIN}"
        subprocess.run(command.split(), check=True, capture_output=True, env=dict(os.environ))
        if MODULE in pkcs11._loaded:
            pkcs11.lib(MODULE).reinitialize()
        return label

    yield make
    environment.undo()
