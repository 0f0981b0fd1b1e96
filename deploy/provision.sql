-- Run once as a superuser inside the product's own database; running it again changes nothing.
-- psql fills in the passwords (psql -v owner_password=... -v app_password=... -v relay_password=...
-- -v identity_password=...); any other caller replaces :'owner_password' and so on with quoted literals.
-- Run it again before an upgrade whose notes say so: it adds the roles that are missing.

-- Many replicas may provision at once: one waits for the other.
select pg_advisory_lock(7305118401);

do $$
begin
  if not exists (select from pg_roles where rolname = 'insightdesk_owner') then
    create role insightdesk_owner;
  end if;
  if not exists (select from pg_roles where rolname = 'insightdesk_app') then
    create role insightdesk_app;
  end if;
  if not exists (select from pg_roles where rolname = 'insightdesk_relay') then
    create role insightdesk_relay;
  end if;
  if not exists (select from pg_roles where rolname = 'insightdesk_identity') then
    create role insightdesk_identity;
  end if;
  if not exists (select from pg_roles where rolname = 'insightdesk_search') then
    create role insightdesk_search;
  end if;
  if not exists (select from pg_roles where rolname = 'insightdesk_authorizer') then
    create role insightdesk_authorizer;
  end if;
end
$$;

-- Owns the schema and changes it.
alter role insightdesk_owner
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'owner_password';

-- What the services are: owns nothing, so that row-level security holds for every statement.
alter role insightdesk_app
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'app_password';

-- Reads the outbox of all tenants, and what the clock is for; only the worker signs in as it.
alter role insightdesk_relay
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'relay_password';

-- Reads passwords' hashes and counts failed sign-ins; only the API signs in as it.
alter role insightdesk_identity
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'identity_password';

-- Whoever is in the services' role stays in it.
do $$
declare
  membership record;
begin
  for membership in
    select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid
    where m.member = 'insightdesk_app'::regrole
  loop
    execute format('revoke %I from insightdesk_app', membership.rolname);
  end loop;
end
$$;

-- What the search by parts of a subject acts as: it may read conversations of all tenants, and the
-- one function that it owns reads no others than those of the transaction's tenant.
alter role insightdesk_search with nologin nosuperuser nocreatedb nocreaterole nobypassrls;
grant insightdesk_search to insightdesk_owner with inherit false, set true;

-- What every transaction's first statement acts as: it may read of all tenants whether a login
-- session or an API key is live, and the one function that it owns answers nothing but that.
alter role insightdesk_authorizer with nologin nosuperuser nocreatedb nocreaterole nobypassrls;
grant insightdesk_authorizer to insightdesk_owner with inherit false, set true;

do $$
begin
  execute format('alter database %I owner to insightdesk_owner', current_database());
  execute format('revoke connect, temporary on database %I from public', current_database());
  execute format('grant connect on database %I to insightdesk_app, insightdesk_relay, '
    'insightdesk_identity', current_database());
end
$$;

alter schema public owner to insightdesk_owner;
revoke create on schema public from public;

create extension if not exists vector;

select pg_advisory_unlock(7305118401);
