# SPDX-License-Identifier: EUPL-1.2
"""Fixtures that any test may ask for."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from varmentaja.config import settings

# Keys and files of the tests stand in a folder of this process, never in var/.
os.environ["VARMENTAJA_STATE"] = tempfile.mkdtemp(prefix="varmentaja-test-")
atexit.register(shutil.rmtree, os.environ["VARMENTAJA_STATE"], ignore_errors=True)
settings.cache_clear()

# How long an example takes says nothing on a machine where other tests run, too.
hypothesis_settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("shared machine")

pytest_plugins = [
    "tests.support.browser",
    "tests.support.clock",
    "tests.support.desktop",
    "tests.support.pcsc",
    "tests.support.pki",
    "tests.support.postgres",
    "tests.support.service",
    "tests.support.softhsm",
    "tests.support.web",
    "tests.support.whole_service",
]


@pytest.fixture(autouse=True)
def _logs_go_nowhere_that_is_closed() -> Iterator[None]:
    """A command that is run in this process sets up logging anew, into what it prints. After it the next test
    would find complaints about that in what its own commands print."""
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if getattr(getattr(handler, "stream", None), "closed", False):
            root.removeHandler(handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Name each test's group where pytest-xdist looks for it.

    xdist 3.8 writes it into a member that pytest 9.2 no longer reads, and so keeps nothing together.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        ending = f"@{'_'.join(groups)}"
        if groups and not item.nodeid.endswith(ending):
            item._id = item.id.parse(item.nodeid + ending)
