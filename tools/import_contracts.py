# SPDX-License-Identifier: EUPL-1.2
"""A kind of import contract that import-linter lacks: no import may look like a pattern (pyproject.toml)."""

from __future__ import annotations

import re
from typing import Any, cast

from importlinter import Contract, ContractCheck, fields, output
from importlinter.application.contract_utils import AlertLevel, remove_ignored_imports


class NoImportLike(Contract):
    """``pattern`` is searched in ``importer -> imported`` for each direct import."""

    type_name = "no_import_like"

    pattern = fields.StringField()
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: Any, verbose: bool) -> ContractCheck:
        """Look at every import; an exception that no longer occurs is told, too."""
        ignored, pattern = cast(Any, self.ignore_imports), cast(Any, self.pattern)  # made of their fields
        remove_ignored_imports(graph, ignored or [], AlertLevel.ERROR)
        looks = re.compile(pattern)
        found = sorted(
            f"{importer} -> {imported}"
            for importer in graph.modules
            for imported in graph.find_modules_directly_imported_by(importer)
            if looks.search(f"{importer} -> {imported}")
        )
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import."""
        for each in check.metadata["found"]:
            output.print_error(each)
