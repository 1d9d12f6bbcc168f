# SPDX-License-Identifier: EUPL-1.2

import django.db.models.deletion
import varmentaja.apps.vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('content', models.TextField()),
                ('at', models.GeneratedField(db_persist=True, expression=models.Func(models.F('content'), template="((%(expressions)s)::jsonb #>> '{at}')"), null=True, output_field=models.TextField(null=True))),
                ('action', models.GeneratedField(db_persist=True, expression=models.Func(models.F('content'), template="((%(expressions)s)::jsonb #>> '{action}')"), null=True, output_field=models.TextField(null=True))),
                ('outcome', models.GeneratedField(db_persist=True, expression=models.Func(models.F('content'), template="((%(expressions)s)::jsonb #>> '{outcome}')"), null=True, output_field=models.TextField(null=True))),
                ('actor_person', models.GeneratedField(db_persist=True, expression=models.Func(models.F('content'), template="((%(expressions)s)::jsonb #>> '{actor,person}')"), null=True, output_field=models.TextField(null=True))),
                ('subject_type', models.GeneratedField(db_persist=True, expression=models.Func(models.F('content'), template="((%(expressions)s)::jsonb #>> '{subject,type}')"), null=True, output_field=models.TextField(null=True))),
                ('subject_id', models.GeneratedField(db_persist=True, expression=models.Func(models.F('content'), template="((%(expressions)s)::jsonb #>> '{subject,id}')"), null=True, output_field=models.TextField(null=True))),
            ],
        ),
        migrations.CreateModel(
            name='Link',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('hash', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='PersonalFacts',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='personal', serialize=False, to='audit.entry')),
                ('salt', models.BinaryField()),
                ('facts', varmentaja.apps.vault.fields.EncryptedJSONField()),
            ],
        ),
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='audit.entry')),
            ],
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['subject_type', 'subject_id', 'id'], name='audit_subject'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['actor_person', 'id'], name='audit_actor'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['action', 'id'], name='audit_action'),
        ),
        migrations.AddField(
            model_name='link',
            name='entry',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='link', to='audit.entry'),
        ),
    ]
