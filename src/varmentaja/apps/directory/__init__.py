# SPDX-License-Identifier: EUPL-1.2
"""The public directory: authorities and lists always, a person by consent alone (decision 24)."""
