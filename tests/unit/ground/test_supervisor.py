# SPDX-License-Identifier: EUPL-1.2
"""What the supervisor tells whoever typed ``make run``."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from varmentaja import config
from varmentaja.config import Settings
from varmentaja.ground.service import all_services
from varmentaja.ground.supervisor import Supervisor


@pytest.mark.parametrize("nginx", [None, "/usr/sbin/nginx"])
def test_where_nginx_is_not_found_it_says_how_to_switch_sign_in_by_certificate_on(
    nginx: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config.shutil, "which", lambda name, path: nginx)
    now, said = Settings(state=tmp_path), StringIO()
    Supervisor(now, Console(file=said, width=200))._welcome(2.0)
    assert "Ready in 2.0 s" in said.getvalue()
    advice = "Sign-in by certificate is off: install nginx (Debian: nginx-light) and start again."
    assert (advice in said.getvalue()) is (nginx is None)
    assert {"tlshost", "nginx"} & {service.name for service in all_services(now)} == (
        {"tlshost", "nginx"} if nginx else set()
    )
