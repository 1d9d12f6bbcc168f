# SPDX-License-Identifier: EUPL-1.2
"""What a virtual card forgets at reset, and the question each command asks: may I?"""

from __future__ import annotations

from dataclasses import dataclass, field

from varmentaja.card import layout
from varmentaja.card.virtual import status
from varmentaja.card.virtual.state import CardState, File, LifeCycle
from varmentaja.card.virtual.status import Refused

ALWAYS, NEVER = 0x0, 0xF
MF_PATH = f"{layout.MF:04X}"
DF_PATH = f"{MF_PATH}{layout.DF:04X}"


@dataclass(slots=True)
class Session:
    """One power-on of one card."""

    state: CardState
    current: str = MF_PATH
    verified: set[int] = field(default_factory=set)
    issuer_present: bool = False
    challenge: bytes = b""
    key_path: str = ""
    """Key file of the security environment, empty before MSE."""
    algorithm: int = 0
    """As the card's family numbers them."""
    code_entered: bool = False
    """The activation code was right; the next command may set a PIN."""
    dirty: bool = False
    """The command changed something that must be stored before it is answered."""

    @property
    def current_df(self) -> str:
        """The path of the DF that is selected, or holds the selected file."""
        return self.current if self.state.files[self.current].kind == "df" else self.current[:-4]

    def file(self) -> File:
        """The selected file."""
        return self.state.files[self.current]

    def require(self, rule: int) -> None:
        """Refuse with 6982 unless the rule (0 always, F never, else a PIN) is met.

        A card in creation listens to the authenticated issuer and to nobody else."""
        if self.state.life_cycle is LifeCycle.CREATION:
            met = self.issuer_present
        else:
            met = rule == ALWAYS or (rule != NEVER and rule in self.verified)
        if not met:
            raise Refused(status.SECURITY_NOT_SATISFIED)

    def touch(self) -> None:
        """The visible content changed: programs that keep copies look at the change counter."""
        self.state.change_counter = (self.state.change_counter + 1) & 0xFFFF
        self.dirty = True


def nibble(file: File, index: int) -> int:
    """One access rule of a file: 0–3 of its first two bytes."""
    return int(file.access[index], 16)
