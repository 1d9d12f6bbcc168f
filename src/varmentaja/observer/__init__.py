# SPDX-License-Identifier: EUPL-1.2
"""The observer asks the status services as a stranger would, and has the answers judged by other programs.

It shares no code with what it judges: requests are made and answers verified by the ``openssl`` command and
pyHanko's validator; lists are read by ``cryptography``. It has no key and no database login
(docs/decisions/0050-observer-from-outside.md).
"""
