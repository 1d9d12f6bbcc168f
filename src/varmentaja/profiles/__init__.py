# SPDX-License-Identifier: EUPL-1.2
"""DATA: certificate profiles and hierarchies as TOML; read by `varmentaja.pki.profile` and `.ceremony`."""
