# SPDX-License-Identifier: EUPL-1.2
"""The design layer: tokens, CSS, template components, form renderer."""
