# SPDX-License-Identifier: EUPL-1.2
"""Adapters of ports/code_server.py.

``data/`` holds the sandbox's code set of rights to practise in the server's own format. Only the codes 001
and 034 were found in public examples; those that carry the attribute ``Sandbox`` are fictive.
"""
