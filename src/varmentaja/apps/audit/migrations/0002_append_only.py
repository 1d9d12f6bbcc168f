# SPDX-License-Identifier: EUPL-1.2
"""The database itself refuses to change or delete evidence, and lists each new entry for the sealer."""

from django.db import migrations

KEPT = ("audit_entry", "audit_personalfacts", "audit_link")

FUNCTIONS = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit rows are never changed or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION audit_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting (entry_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_wait AFTER INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_wait();
"""
GUARD = """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
UNGUARD = """
DROP TRIGGER audit_append_only ON {table};
DROP TRIGGER audit_no_truncate ON {table};
"""
DROP = """
DROP TRIGGER audit_wait ON audit_entry;
DROP FUNCTION audit_wait();
DROP FUNCTION audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP),
        *[migrations.RunSQL(GUARD.format(table=table), UNGUARD.format(table=table)) for table in KEPT],
    ]
