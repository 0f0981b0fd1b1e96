-- Users rename and delete their own accounts.
CREATE FUNCTION app.rename_user(new_name text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE public.users SET name = new_name WHERE id = app.user_id();
END;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.rename_user(text) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.rename_user(text) TO insightdesk_app;
--> statement-breakpoint
CREATE POLICY own_memberships_of_owner ON members FOR SELECT TO CURRENT_USER USING (user_id = app.user_id());
--> statement-breakpoint
-- Makes the account of the transaction's user anonymous, when the user has left every organization. The row stays
-- for the messages that it wrote; nobody can sign in to it.
CREATE FUNCTION app.delete_account() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.members m WHERE m.user_id = app.user_id() AND m.removed_at IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = 'the user is still a member of an organization';
  END IF;
  DELETE FROM identity.credentials c WHERE c.user_id = app.user_id();
  DELETE FROM identity.staged_passwords s WHERE s.user_id = app.user_id();
  DELETE FROM identity.staged_emails s WHERE s.user_id = app.user_id();
  UPDATE public.users u SET name = 'Deleted user', email = u.id || '@deleted.invalid', email_verified_at = NULL
    WHERE u.id = app.user_id();
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION app.delete_account() FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION app.delete_account() TO insightdesk_app;
