# SPDX-License-Identifier: EUPL-1.2
"""What makes a function a use case: one transaction, and a trace even when a rule says no."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.db import models, transaction

from varmentaja.apps.audit.recording import AuditAction, record_refusal
from varmentaja.domain.actors import Actor
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.relying_party import Refused

P = ParamSpec("P")
R = TypeVar("R")

NO_TRACE = frozenset({Kind.INVALID, Kind.UNAVAILABLE})
"""A slip of the keyboard and a register that is down leave none. A signature that did not pass its checks
always does, whatever the kind."""


def use_case(
    name: AuditAction, about: type[models.Model] | None = None
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Run the function in a transaction of its own; a refusal rolls it back and is recorded.

    ``about``: the function's first argument after the actor is the id of such a row, and the record of a
    refusal names it.
    """

    def decorate(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @wraps(function)
        def call(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with traced(name, actor, about(pk=args[0]) if about and args else None), transaction.atomic():
                return function(actor, *args, **kwargs)

        return call

    return decorate


@contextmanager
def traced(
    name: AuditAction,
    actor: Actor,
    subject: models.Model | None = None,
    personal: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Record a refusal of what is done within: for the part of an action before its transaction.

    ``personal``: by what the refusal can be found where there is no row that it is about.
    """
    try:
        yield
    except DomainError as refusal:
        trace_refusal(name, actor, refusal, subject, personal)
        raise


def trace_refusal(
    name: AuditAction,
    actor: Actor,
    refusal: DomainError,
    subject: models.Model | None = None,
    personal: Mapping[str, str] | None = None,
) -> None:
    """Record that a rule refused ``actor``; in a transaction of its own: the action's is rolled back."""
    if refusal.kind in NO_TRACE and not isinstance(refusal, Refused):
        return
    facts = {"check": refusal.outcome} if isinstance(refusal, Refused) else None
    with transaction.atomic():
        record_refusal(name, actor, refusal, subject, facts=facts, personal=personal)
