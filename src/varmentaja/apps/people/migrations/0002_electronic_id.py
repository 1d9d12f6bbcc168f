# SPDX-License-Identifier: EUPL-1.2
"""People are found by their electronic identification number, which a changed identity code leaves as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["electronic_id"], name="person_electronic_id"),
        ),
    ]
