# SPDX-License-Identifier: EUPL-1.2
"""No revoked certificate is without its list entry: it would be missing from the list, and nobody would see."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0006_crl_entry"),
    ]

    operations = [
        migrations.AddConstraint(
            "certificate",
            models.CheckConstraint(
                condition=models.Q(("state", "revoked"), _negated=True) | models.Q(("crl_entry__isnull", False)),
                name="certificate_revoked_has_entry",
            ),
        ),
    ]
