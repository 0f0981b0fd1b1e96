-- Run once as a superuser inside the product's own database; running it again changes nothing.
-- psql inserts the passwords (psql -v owner_password=... -v app_password=... -v relay_password=...
-- -v identity_password=...); other callers replace :'owner_password' and the others with quoted literals.
-- Run it again before an upgrade when its release notes ask for it: it creates missing roles.

-- Concurrent runs wait for each other.
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

-- Owns the schema and migrates it.
alter role insightdesk_owner
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'owner_password';

-- The login of the services: owns nothing, so that row-level security applies to every statement.
alter role insightdesk_app
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'app_password';

-- Reads the outbox and the schedules of all tenants; only the worker has this login.
alter role insightdesk_relay
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'relay_password';

-- Reads password hashes and counts failed logins; only the API has this login.
alter role insightdesk_identity
  with login nosuperuser nocreatedb nocreaterole nobypassrls password :'identity_password';

-- Revokes every role that was granted to the services' role.
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

-- Owns the function that searches in subjects: it may read conversations of all tenants, and the function
-- reads those of the transaction's tenant only.
alter role insightdesk_search with nologin nosuperuser nocreatedb nocreaterole nobypassrls;
grant insightdesk_search to insightdesk_owner with inherit false, set true;

-- Owns the function that authorizes transactions: it may read the sessions and API keys of all tenants, and
-- the function returns only whether one is live.
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
