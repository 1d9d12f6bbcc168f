# SPDX-License-Identifier: EUPL-1.2
"""The holder activates the card with the program ``varmentaja reader activate``."""

from __future__ import annotations

import json
import os
import subprocess

from varmentaja.tour.card.story import Story
from varmentaja.tour.engine import Facts, StepFailed
from varmentaja.tour.reader import inserted

INVALID = 3
"""Exit code of the reader program for a wrong code."""


def activate(story: Story) -> Facts:
    """A slip in the code first, then the code of the letter."""
    wrong = story.code[:-1] + str((int(story.code[-1]) + 1) % 10)
    with inserted(story.reader, story.her_card) as slot:
        refused = _activate(story, slot, wrong)
        if refused.returncode != INVALID or "left" not in refused.stderr:
            raise StepFailed(f"a wrong code was answered with {refused.returncode}: {refused.stderr}")
        done = _activate(story, slot, story.code)
    if done.returncode != 0:
        raise StepFailed(f"varmentaja reader activate: {done.stderr}")
    return {
        "card": story.her_card.serial,
        "wrong code": refused.stderr.strip(),
        "code of the letter": "accepted",
    }


def _activate(story: Story, slot: str, code: str) -> subprocess.CompletedProcess[str]:
    """Code and PINs go through a pipe: arguments and environment can be read by other programs."""
    out, into = os.pipe()
    typed = {"code": code, "pin1": story.her_card.pin1, "pin2": story.her_card.pin2}
    os.write(into, json.dumps(typed).encode() + b"\n")
    os.close(into)
    try:
        return story.place.command(
            *("reader", "activate", "--slot", slot, "--language", "en", "--pin-fd", str(out)), pass_fds=(out,)
        )
    finally:
        os.close(out)
