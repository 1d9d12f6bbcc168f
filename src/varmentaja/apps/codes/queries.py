# SPDX-License-Identifier: EUPL-1.2
"""Reads of code sets."""

from __future__ import annotations

from varmentaja.apps.codes.models import Code
from varmentaja.domain.people import Language
from varmentaja.domain.rights import Right
from varmentaja.ports.code_server import RIGHTS_TO_PRACTISE


def titles_of(right: Right) -> dict[Language, str]:
    """The right's titles: the register's own, or the code set's where the register gives the code alone."""
    own = {Language.FINNISH: right.title_fi, Language.SWEDISH: right.title_sv}
    return {
        language: written or title(RIGHTS_TO_PRACTISE, right.code, language) or right.code
        for language, written in own.items()
    }


def title(code_set: str, code: str, language: str) -> str | None:
    """The code's title in ``language``, else in Finnish; None for a code that was never imported."""
    titles = Code.objects.filter(code_set=code_set, code=code).values_list("titles", flat=True).first()
    return titles and (titles.get(language) or titles.get("fi"))
