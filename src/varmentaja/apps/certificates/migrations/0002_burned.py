# SPDX-License-Identifier: EUPL-1.2
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0001_initial'),
        ('certificates', '0001_initial'),
        ('people', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='certificate',
            index=models.Index(condition=models.Q(('state', 'burned')), fields=['id'], name='certificate_burned'),
        ),
    ]
