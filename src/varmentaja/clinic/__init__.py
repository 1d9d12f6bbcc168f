# SPDX-License-Identifier: EUPL-1.2
"""A demo relying party: a small clinic of its own address, where a physician signs in with the card, writes a
prescription and signs it. It knows the service by its certificates alone."""
