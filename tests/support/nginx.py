# SPDX-License-Identifier: EUPL-1.2
"""Debian's nginx, without root, on the recipes of deploy/nginx with the test's own addresses put in."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).parents[2] / "deploy" / "nginx"
PROGRAM = "/usr/sbin/nginx"

_FRAME = """daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events {{}}
http {{
    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    fastcgi_temp_path temp/fastcgi;
    uwsgi_temp_path temp/uwsgi;
    scgi_temp_path temp/scgi;
{recipes}
}}
"""


def filled(recipe: str, values: Mapping[str, str]) -> str:
    """A recipe with the example's addresses and paths replaced; each must stand in it."""
    text = (RECIPES / recipe).read_text("utf-8")
    for example, ours in values.items():
        assert example in text, f"{recipe} no longer says {example}"
        text = text.replace(example, ours)
    return text


def write_configuration(folder: Path, *recipes: str) -> Path:
    """A whole configuration around the filled recipes."""
    (folder / "temp").mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    file.write_text(_FRAME.format(recipes="\n".join(recipes)), "utf-8")
    return file


def command(config: Path, *more: str) -> list[str]:
    """The command that runs (or with ``-t`` checks) a configuration."""
    return [PROGRAM, "-p", str(config.parent), "-c", str(config), "-e", "stderr", *more]


def _start_here(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], **options)


@contextmanager
def running(
    config: Path,
    answers: Callable[[], bool],
    start: Callable[..., subprocess.Popen[bytes]] = _start_here,
) -> Iterator[Path]:
    """nginx at work, once ``answers`` says so; gives its log."""
    log = config.with_suffix(".log")
    with log.open("wb") as output:
        process = start(command(config), stdout=output, stderr=output)
        try:
            until = time.monotonic() + 20
            while not answers():
                assert process.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield log
        finally:
            process.terminate()
            process.wait(20)
