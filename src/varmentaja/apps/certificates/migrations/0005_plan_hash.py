# SPDX-License-Identifier: EUPL-1.2
"""Under which ceremony file a certificate was issued."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0004_first_listed"),
    ]

    operations = [
        migrations.AddField(
            "certificate", "plan_hash", models.CharField(db_default="", default="", max_length=64)
        ),
    ]
