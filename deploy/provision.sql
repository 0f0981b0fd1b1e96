-- Run once inside the product's own database, before the first migration; running it again changes nothing.
-- A superuser may run it, or a role with CREATEROLE that owns the database, as managed PostgreSQL offers. Always use
-- the same role: only the role that created the others, or a superuser, may grant them.
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

-- Removes attributes that would let a role bypass row-level security. New roles have none, and only a superuser may
-- name some of them, so that each is removed only where it is set.
do $$
declare
  attribute record;
begin
  for attribute in
    select rolname, word from pg_roles, lateral (values (rolsuper, 'nosuperuser'), (rolbypassrls, 'nobypassrls'),
      (rolcreaterole, 'nocreaterole'), (rolcreatedb, 'nocreatedb')) attributes (is_set, word)
    where is_set and rolname in ('insightdesk_owner', 'insightdesk_app', 'insightdesk_relay', 'insightdesk_identity',
      'insightdesk_search', 'insightdesk_authorizer')
  loop
    execute format('alter role %I with %s', attribute.rolname, attribute.word);
  end loop;
end
$$;

-- Owns the schema and migrates it.
alter role insightdesk_owner with login password :'owner_password';

-- The login of the services: owns nothing, so that row-level security applies to every statement.
alter role insightdesk_app with login password :'app_password';

-- Reads the outbox and the schedules of all tenants; only the worker has this login.
alter role insightdesk_relay with login password :'relay_password';

-- Reads password hashes and counts failed logins; only the API has this login.
alter role insightdesk_identity with login password :'identity_password';

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
alter role insightdesk_search with nologin;
grant insightdesk_search to insightdesk_owner with inherit false, set true;

-- Owns the function that authorizes transactions: it may read the sessions and API keys of all tenants, and
-- the function returns only whether one is live.
alter role insightdesk_authorizer with nologin;
grant insightdesk_authorizer to insightdesk_owner with inherit false, set true;

-- Without a superuser, only a member may give a schema to the owner.
do $$
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant insightdesk_owner to %I with inherit true, set true', current_user);
  end if;
end
$$;

do $$
begin
  execute format('revoke connect, temporary on database %I from public', current_database());
  execute format('grant connect, create, temporary on database %I to insightdesk_owner', current_database());
  execute format('grant connect on database %I to insightdesk_app, insightdesk_relay, '
    'insightdesk_identity', current_database());
end
$$;

alter schema public owner to insightdesk_owner;
revoke create on schema public from public;

-- Not trusted, so that a superuser or the provider creates it; nothing happens when it exists.
do $$
begin
  create extension if not exists vector;
exception when insufficient_privilege then
  raise exception 'The extension vector is missing, and % may not create it', current_user
    using hint = 'Let the provider allow it, or run as a superuser: create extension vector';
end
$$;

select pg_advisory_unlock(7305118401);
