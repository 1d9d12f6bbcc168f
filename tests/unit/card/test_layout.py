# SPDX-License-Identifier: EUPL-1.2
"""The cards can carry whatever PIN rules the data file gives."""

from __future__ import annotations

import pytest

from varmentaja.card.layout import PinPolicy
from varmentaja.domain.data_files import load
from varmentaja.domain.pins import PinName, pin_rules


@pytest.mark.parametrize("generation", load("chip_generations")["generations"])
@pytest.mark.parametrize("product", load("pin_rules")["products"])
def test_every_rule_of_the_data_file_fits_a_card(product: str, generation: str) -> None:
    rules = pin_rules(product, generation)
    for name in PinName:
        policy = PinPolicy.of(rules, name)
        assert (policy.min_length, policy.max_length) == (rules.length(name).min, rules.length(name).max)
        assert (policy.tries, policy.code_tries) == (rules.pin_tries, rules.code_tries)
        assert policy.code_length == rules.code_length


@pytest.mark.parametrize(
    "limits", [(0, 8, 5, 8, 5), (5, 4, 5, 8, 5), (4, 9, 5, 8, 5), (4, 8, 16, 8, 5), (4, 8, 5, 9, 5)]
)
def test_limits_that_no_card_can_carry_are_refused(limits: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="most"):
        PinPolicy(*limits)
