# SPDX-License-Identifier: EUPL-1.2
"""Benchmarks: each measures ratios against a peer or a limit in one run (``make bench``)."""
