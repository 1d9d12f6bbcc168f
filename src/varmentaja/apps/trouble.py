# SPDX-License-Identifier: EUPL-1.2
"""What went wrong in the background, as an officer reads it."""

from __future__ import annotations

from varmentaja.domain.errors import DomainError, unavailable


def as_told(fault: Exception) -> DomainError:
    """A rule's own words; of a fault of ours its kind: what else it says may be personal, and stays in the
    log."""
    if isinstance(fault, DomainError):
        return fault
    if isinstance(fault, OSError) and fault.strerror:
        return unavailable("The service's machine is in trouble: %(fault)s.", fault=fault.strerror)
    return unavailable("A fault in the service: %(fault)s.", fault=type(fault).__name__)
