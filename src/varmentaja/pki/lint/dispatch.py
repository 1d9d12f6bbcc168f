# SPDX-License-Identifier: EUPL-1.2
"""pkilint's walk without its useless questions.

pkilint asks every validator at every node of a document whether the node concerns it: some 7,000 questions a
certificate, nearly all answered no by the node's path or class alone. Here these answers are remembered by
path and class; whatever else a validator asks (its own ``match``: values, predicates, dates) is still asked
of each node. Findings and their order are those of pkilint's own walk, which the tests compare.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pkilint.document import PDUNode
from pkilint.validation import ValidationResult, Validator, ValidatorContainer

REMEMBERED = 4096
"""Pairs of path and class each container keeps; a certificate has about 150."""


class QuickContainer(ValidatorContainer):  # type: ignore[misc]  # pkilint has no types
    """A container of pkilint's with its inner containers, walking as described above."""

    def __init__(self, original: ValidatorContainer) -> None:
        self.__dict__.update(original.__dict__)
        self.validators = [quick(each) for each in original.validators]
        self._concerned = lru_cache(maxsize=REMEMBERED)(self._find_concerned)

    def _validate_rec(self, node: PDUNode, results: list[ValidationResult]) -> None:
        for validator in self._concerned(node.path, node.pdu.__class__):
            if validator.match(node):
                result = validator.validate_wrapper(node)
                if isinstance(result, list):
                    results += result
                else:
                    results.append(result)
        for child in node.children.values():
            self._validate_rec(child, results)

    def _find_concerned(self, path: str, kind: type) -> tuple[Validator, ...]:
        return tuple(each for each in self.validators if _may_concern(each, path, kind))


def quick(validator: Any) -> Any:
    """``validator`` itself, or if it is a plain container a `QuickContainer` that does the same."""
    return QuickContainer(validator) if type(validator) is ValidatorContainer else validator


def _may_concern(validator: Any, path: str, kind: type) -> bool:
    """Whether ``NodeVisitor.match`` could be true; validators' own ``match`` only narrows that further."""
    if validator._path is not None and validator._path != path:
        return False
    if validator._path_re is not None and validator._path_re.match(path) is None:
        return False
    return validator._pdu_class is None or issubclass(kind, validator._pdu_class)
