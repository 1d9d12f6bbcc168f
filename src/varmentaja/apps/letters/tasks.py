# SPDX-License-Identifier: EUPL-1.2
"""Background work on letters."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from varmentaja.apps.letters.actions.post_letter import post_letter as post
from varmentaja.apps.letters.queries import due_letters
from varmentaja.apps.sandbox.clock import business_today


@app.task(queue="letters", retry=RetryStrategy(wait=2, linear_wait=10))
def post_letter(letter_id: int) -> None:
    """Print and post one letter; safe to run again after any interruption."""
    post(letter_id, now=timezone.now(), today=business_today())


@app.periodic(cron="*/10 * * * *")
@app.task(queue="letters")
def post_letters_regularly(timestamp: int) -> None:
    """The clock's turn (``timestamp`` in Unix seconds): look for letters that have fallen due."""
    post_due_letters.defer()


@app.task(queue="letters")
def post_due_letters() -> None:
    """Ask for every letter whose business day has come."""
    for letter_id in due_letters(business_today()):
        post_letter.configure(lock=f"letter-{letter_id}").defer(letter_id=letter_id)
