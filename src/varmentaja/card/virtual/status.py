# SPDX-License-Identifier: EUPL-1.2
"""Status words (ISO/IEC 7816-4 5.6) and the way a command handler refuses."""

from __future__ import annotations

OK = 0x9000
WRONG_LENGTH = 0x6700
CLASS_NOT_SUPPORTED = 0x6E00
INSTRUCTION_NOT_SUPPORTED = 0x6D00
CHAINING_EXPECTED = 0x6883
MEMORY_FAILURE = 0x6581
SECURITY_NOT_SATISFIED = 0x6982
BLOCKED = 0x6983
NOT_USABLE = 0x6984
CONDITIONS_NOT_SATISFIED = 0x6985
NO_CURRENT_FILE = 0x6986
WRONG_DATA = 0x6A80
FILE_NOT_FOUND = 0x6A82
NOT_ENOUGH_MEMORY = 0x6A84
WRONG_PARAMETERS = 0x6A86
REFERENCE_NOT_FOUND = 0x6A88
FILE_EXISTS = 0x6A89
OUTSIDE_FILE = 0x6B00


class Refused(Exception):
    """A command is answered with this status word and no data."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status
