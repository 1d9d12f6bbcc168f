# SPDX-License-Identifier: EUPL-1.2
"""Certificates in force are found by their end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0002_burned"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                condition=models.Q(("state", "issued")), fields=["not_after"], name="certificate_ends"
            ),
        ),
    ]
