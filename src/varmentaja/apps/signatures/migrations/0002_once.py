# SPDX-License-Identifier: EUPL-1.2
"""One signature is one document."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("signatures", "0001_initial"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="signeddocument",
            constraint=models.UniqueConstraint(fields=("person", "signature"), name="signature_once"),
        ),
    ]
