-- SPDX-License-Identifier: EUPL-1.2
-- The database's roles: who owns the tables, and what each program may do with them.
--
-- Run by a superuser in the service's database, after `varmentaja migrate` (run as varmentaja_owner) and again
-- after each migration:
--   psql --dbname varmentaja --file roles.sql
-- The first run makes the roles; then give the database to its owner and run the migrations:
--   ALTER DATABASE varmentaja OWNER TO varmentaja_owner;
-- Passwords, or better peer and certificate authentication, are set in pg_hba.conf and by ALTER ROLE.
-- The responder has no role here: it has no business with the database.

\set ON_ERROR_STOP on

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['varmentaja_owner', 'varmentaja_portal', 'varmentaja_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
    END LOOP;
END $$;

BEGIN;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO varmentaja_owner;
GRANT USAGE ON SCHEMA public TO varmentaja_portal, varmentaja_worker;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM varmentaja_portal, varmentaja_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO varmentaja_portal, varmentaja_worker;

-- Ordinary tables: rows may be read and written, tables neither emptied nor changed.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT LIKE 'audit\_%' AND tablename <> 'django_migrations'
    LOOP
        EXECUTE format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO varmentaja_portal, varmentaja_worker', name);
    END LOOP;

    -- Evidence is appended and read, nothing more; triggers refuse the rest even to the owner.
    IF to_regclass('public.audit_entry') IS NOT NULL THEN
        GRANT SELECT, INSERT ON audit_entry, audit_personalfacts TO varmentaja_portal, varmentaja_worker;
        -- A trigger lists new entries for the sealer in the name of whoever wrote the entry.
        GRANT INSERT ON audit_waiting TO varmentaja_portal;
        -- The worker alone seals: takes entries off the list and lengthens the chain.
        GRANT SELECT, INSERT, DELETE ON audit_waiting TO varmentaja_worker;
        GRANT SELECT, INSERT ON audit_link TO varmentaja_worker;
        GRANT SELECT ON audit_link TO varmentaja_portal;
    END IF;
    IF to_regclass('public.django_migrations') IS NOT NULL THEN
        GRANT SELECT ON django_migrations TO varmentaja_portal, varmentaja_worker;
    END IF;
END $$;

COMMIT;
