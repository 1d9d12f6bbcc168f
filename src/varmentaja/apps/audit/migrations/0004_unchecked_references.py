# SPDX-License-Identifier: EUPL-1.2
"""Lists and chain name entries, which the database itself never lets go (0002): it need not look for each."""

import django.db.models.deletion
from django.db import migrations, models

PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_refused")]

    operations = [
        migrations.AlterField(
            model_name="waiting",
            name="entry",
            field=models.OneToOneField(
                "audit.entry",
                db_constraint=False,
                on_delete=PROTECT,
                primary_key=True,
                related_name="+",
                serialize=False,
            ),
        ),
        migrations.AlterField(
            model_name="link",
            name="entry",
            field=models.OneToOneField(
                "audit.entry", db_constraint=False, on_delete=PROTECT, related_name="link"
            ),
        ),
    ]
