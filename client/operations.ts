// Made by services/api/openapi/write-client-types.ts; do not edit.
// biome-ignore-all format: one line per part is what a diff should show

export type ImageRequest = { width?: 16 | 32 | 48 | 64 | 96 | 128 | 160 | 240 | 320 | 480 | 640 | 800 | 960 | 1280 | 1600 | 2048 | undefined; height?: 16 | 32 | 48 | 64 | 96 | 128 | 160 | 240 | 320 | 480 | 640 | 800 | 960 | 1280 | 1600 | 2048 | undefined; fit?: 'inside' | 'cover' | 'contain' | undefined; format?: 'webp' | 'jpeg' | 'png' | 'avif' | undefined; quality?: 40 | 60 | 75 | 90 | undefined };

export type HealthReport = { status: 'ok' | 'degraded' | 'unavailable'; checks: Record<string, { healthy: boolean; latencyMs: number; error?: 'timeout' | 'unreachable' | undefined }> };

export type Problem = { type: string; title: string; status: number; code: string; detail: string; errors?: ({ path: string; message: string })[] | undefined; requestId: string };

/** Every route, by method and path: what it takes and what it answers with. */
export interface Operations {
  /** Register a person and found an organisation. */
  'POST /v1/auth/register': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { email: string; password: string; name: string; organizationName: string };
    answer: { user: { id: `usr_${string}`; email: string; name: string }; organization: { id: `org_${string}`; name: string }; accessToken: string; refreshToken: string; expiresIn: number };
  };
  /** Sign in. */
  'POST /v1/auth/login': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { email: string; password: string; organizationId?: `org_${string}` | undefined; code?: string | undefined };
    answer: { user: { id: `usr_${string}`; email: string; name: string }; organization: { id: `org_${string}`; name: string }; accessToken: string; refreshToken: string; expiresIn: number };
  };
  /** Refresh a session. */
  'POST /v1/auth/refresh': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { refreshToken?: string | undefined };
    answer: { accessToken: string; refreshToken: string; expiresIn: number };
  };
  /** Sign out. */
  'POST /v1/auth/logout': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Sign out everywhere. */
  'POST /v1/auth/logout-all': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** List the caller's sessions. */
  'GET /v1/auth/sessions': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { items: ({ id: `ses_${string}`; organizationId: `org_${string}`; current: boolean; device: string; ip: string | null; userAgent: string | null; createdAt: string; refreshedAt: string; lastSeenAt: string; expiresAt: string })[]; nextCursor: null };
  };
  /** End one of the caller's sessions. */
  'DELETE /v1/auth/sessions/{id}': {
    path: { id: `ses_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Verify an e-mail address by a mailed link. */
  'POST /v1/auth/verify-email': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { token: string; password: string };
    answer: { user: { id: `usr_${string}`; email: string; name: string; emailVerified: boolean } };
  };
  /** Mail the link that verifies the caller's e-mail address again. */
  'POST /v1/auth/verify-email/resend': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { accepted: true };
  };
  /** Change the caller's password. */
  'POST /v1/auth/password': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { currentPassword: string; password: string };
    answer: undefined;
  };
  /** Ask for a new password by e-mail. */
  'POST /v1/auth/password/reset': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { email: string };
    answer: { accepted: true };
  };
  /** Choose a new password by a mailed link. */
  'POST /v1/auth/password/reset/confirm': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { token: string; password: string };
    answer: undefined;
  };
  /** Ask for another e-mail address of the caller's account. */
  'POST /v1/auth/email': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { password: string; email: string };
    answer: { accepted: true };
  };
  /** List the caller's organisations. */
  'GET /v1/auth/organizations': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { items: ({ organization: { id: `org_${string}`; name: string }; role: 'owner' | 'admin' | 'agent' | 'customer'; current: boolean; disabled: boolean })[]; nextCursor: null };
  };
  /** Switch to another organisation. */
  'POST /v1/auth/switch': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { organizationId: `org_${string}` };
    answer: { user: { id: `usr_${string}`; email: string; name: string }; organization: { id: `org_${string}`; name: string }; accessToken: string; refreshToken: string; expiresIn: number };
  };
  /** Found another organisation. */
  'POST /v1/organizations': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string };
    answer: { organization: { id: `org_${string}`; name: string } };
  };
  /** The caller's second factors. */
  'GET /v1/auth/two-factor': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { totp: boolean; passkeys: number; recoveryCodesLeft: number };
  };
  /** Begin to set up an authenticator app. */
  'POST /v1/auth/two-factor': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { password: string };
    answer: { secret: string; url: string };
  };
  /** Confirm the authenticator app by a code of it. */
  'POST /v1/auth/two-factor/confirm': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { code: string };
    answer: { recoveryCodes: (string)[] };
  };
  /** Remove the authenticator app. */
  'POST /v1/auth/two-factor/remove': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { password: string; code: string };
    answer: undefined;
  };
  /** Replace all recovery codes by new ones. */
  'POST /v1/auth/two-factor/recovery-codes': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { password: string; code: string };
    answer: { recoveryCodes: (string)[] };
  };
  /** Change the organisation. */
  'PATCH /v1/organization': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { requireTwoFactor: boolean };
    answer: { id: `org_${string}`; name: string; requireTwoFactor: boolean };
  };
  /** Begin to sign in by a passkey. */
  'POST /v1/auth/passkeys/sign-in/options': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { options: Record<string, unknown>; token: string };
  };
  /** Sign in by a passkey. */
  'POST /v1/auth/passkeys/sign-in': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { token: string; response: { id: string; rawId: string; type: 'public-key'; clientExtensionResults?: Record<string, unknown> | undefined; authenticatorAttachment?: 'platform' | 'cross-platform' | undefined; response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle: string } }; organizationId?: `org_${string}` | undefined };
    answer: { user: { id: `usr_${string}`; email: string; name: string }; organization: { id: `org_${string}`; name: string }; accessToken: string; refreshToken: string; expiresIn: number };
  };
  /** Begin to register a passkey. */
  'POST /v1/auth/passkeys/options': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { password: string };
    answer: { options: Record<string, unknown>; token: string };
  };
  /** Register a passkey. */
  'POST /v1/auth/passkeys': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { token: string; response: { id: string; rawId: string; type: 'public-key'; clientExtensionResults?: Record<string, unknown> | undefined; authenticatorAttachment?: 'platform' | 'cross-platform' | undefined; response: { clientDataJSON: string; attestationObject: string; transports?: (string)[] | undefined } }; name?: string | undefined };
    answer: { passkey: { id: `pky_${string}`; name: string; createdAt: string; lastUsedAt: string | null }; recoveryCodes: (string)[] | null };
  };
  /** List the caller's passkeys. */
  'GET /v1/auth/passkeys': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { items: ({ id: `pky_${string}`; name: string; createdAt: string; lastUsedAt: string | null })[]; nextCursor: null };
  };
  /** Rename a passkey. */
  'PATCH /v1/auth/passkeys/{id}': {
    path: { id: `pky_${string}` };
    query: Record<never, never>;
    body: { name: string };
    answer: { id: `pky_${string}`; name: string; createdAt: string; lastUsedAt: string | null };
  };
  /** Remove a passkey. */
  'POST /v1/auth/passkeys/{id}/remove': {
    path: { id: `pky_${string}` };
    query: Record<never, never>;
    body: { password: string };
    answer: undefined;
  };
  /** Come back from an identity provider. */
  'GET /v1/auth/oauth/callback': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Sign in by an identity provider. */
  'GET /v1/auth/oauth/{providerId}/start': {
    path: { providerId: `idp_${string}` };
    query: { organizationId: `org_${string}`; redirectTo: string; challenge: string };
    body: undefined;
    answer: undefined;
  };
  /** Fetch the session after signing in by an identity provider. */
  'POST /v1/auth/oauth/exchange': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { token: string; verifier: string; code?: string | undefined };
    answer: { user: { id: `usr_${string}`; email: string; name: string }; organization: { id: `org_${string}`; name: string }; accessToken: string; refreshToken: string; expiresIn: number };
  };
  /** Link the caller with an identity provider. */
  'POST /v1/auth/oauth/{providerId}/link': {
    path: { providerId: `idp_${string}` };
    query: Record<never, never>;
    body: { redirectTo: string; password: string };
    answer: { url: string };
  };
  /** Part the caller from an identity provider. */
  'DELETE /v1/auth/oauth/{providerId}/link': {
    path: { providerId: `idp_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Add an identity provider. */
  'POST /v1/identity-providers': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string; issuer: string; clientId: string; clientSecret: string; allowedDomains?: (string)[] | undefined; assuresTwoFactor?: boolean | undefined; autoJoin?: 'agent' | 'customer' | null | undefined; enabled?: boolean | undefined };
    answer: { id: `idp_${string}`; name: string; issuer: string; clientId: string; allowedDomains: (string)[]; assuresTwoFactor: boolean; autoJoin: 'agent' | 'customer' | null; enabled: boolean; createdAt: string };
  };
  /** List identity providers. */
  'GET /v1/identity-providers': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { items: ({ id: `idp_${string}`; name: string; issuer: string; clientId: string; allowedDomains: (string)[]; assuresTwoFactor: boolean; autoJoin: 'agent' | 'customer' | null; enabled: boolean; createdAt: string })[]; nextCursor: null };
  };
  /** Change an identity provider. */
  'PATCH /v1/identity-providers/{id}': {
    path: { id: `idp_${string}` };
    query: Record<never, never>;
    body: { name?: string | undefined; issuer?: string | undefined; clientId?: string | undefined; clientSecret?: string | undefined; allowedDomains?: (string)[] | undefined; assuresTwoFactor?: boolean | undefined; autoJoin?: 'agent' | 'customer' | null | undefined; enabled?: boolean | undefined };
    answer: { id: `idp_${string}`; name: string; issuer: string; clientId: string; allowedDomains: (string)[]; assuresTwoFactor: boolean; autoJoin: 'agent' | 'customer' | null; enabled: boolean; createdAt: string };
  };
  /** Remove an identity provider. */
  'DELETE /v1/identity-providers/{id}': {
    path: { id: `idp_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Who the caller is. */
  'GET /v1/me': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { user: { id: `usr_${string}`; email: string; name: string; emailVerified: boolean }; organization: { id: `org_${string}`; name: string }; role: 'owner' | 'admin' | 'agent' | 'customer'; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[] };
  };
  /** List the members of the organisation. */
  'GET /v1/members': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined; role?: 'owner' | 'admin' | 'agent' | 'customer' | undefined };
    body: undefined;
    answer: { items: ({ id: `usr_${string}`; email: string; name: string; role: 'owner' | 'admin' | 'agent' | 'customer'; roleId: `rol_${string}` | null; joinedAt: string })[]; nextCursor: string | null };
  };
  /** Change a member's role. */
  'PATCH /v1/members/{userId}': {
    path: { userId: `usr_${string}` };
    query: Record<never, never>;
    body: { role: 'owner' | 'admin' | 'agent' | 'customer'; roleId?: `rol_${string}` | null | undefined };
    answer: { id: `usr_${string}`; email: string; name: string; role: 'owner' | 'admin' | 'agent' | 'customer'; roleId: `rol_${string}` | null; joinedAt: string };
  };
  /** Remove a member. */
  'DELETE /v1/members/{userId}': {
    path: { userId: `usr_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Invite somebody by e-mail. */
  'POST /v1/invitations': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { email: string; role: 'owner' | 'admin' | 'agent' | 'customer' };
    answer: { id: `inv_${string}`; expiresAt: string };
  };
  /** List the invitations that are open. */
  'GET /v1/invitations': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined };
    body: undefined;
    answer: { items: ({ id: `inv_${string}`; email: string; role: 'owner' | 'admin' | 'agent' | 'customer'; invitedBy: { id: `usr_${string}`; name: string }; createdAt: string; expiresAt: string })[]; nextCursor: string | null };
  };
  /** Revoke an invitation. */
  'DELETE /v1/invitations/{id}': {
    path: { id: `inv_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Mail an invitation again. */
  'POST /v1/invitations/{id}/resend': {
    path: { id: `inv_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `inv_${string}`; expiresAt: string };
  };
  /** Accept an invitation. */
  'POST /v1/invitations/accept': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { token: string; name: string; password: string; code?: string | undefined };
    answer: { user: { id: `usr_${string}`; email: string; name: string }; organization: { id: `org_${string}`; name: string }; accessToken: string; refreshToken: string; expiresIn: number };
  };
  /** List the permissions and the roles that have them. */
  'GET /v1/permissions': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { items: ({ name: 'account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send'; roles: ('owner' | 'admin' | 'agent' | 'customer')[]; forKeys: boolean; needs: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[] })[]; nextCursor: null };
  };
  /** Explain why a permission is held or not. */
  'GET /v1/permissions/explain': {
    path: Record<never, never>;
    query: { permission: 'account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send'; resource?: `cnv_${string}` | `usr_${string}` | undefined; userId?: `usr_${string}` | undefined };
    body: undefined;
    answer: { allowed: boolean; reason: string; permission: 'account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send'; userId: `usr_${string}`; role: 'owner' | 'admin' | 'agent' | 'customer'; via: 'built-in' | 'custom' | 'key' };
  };
  /** Add a custom role. */
  'POST /v1/roles': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; base: 'admin' | 'agent' | 'customer' };
    answer: { id: `rol_${string}`; name: string; base: 'admin' | 'agent' | 'customer'; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; version: number; createdAt: string };
  };
  /** List custom roles. */
  'GET /v1/roles': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined };
    body: undefined;
    answer: { items: ({ id: `rol_${string}`; name: string; base: 'admin' | 'agent' | 'customer'; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; version: number; createdAt: string })[]; nextCursor: string | null };
  };
  /** Read a custom role. */
  'GET /v1/roles/{id}': {
    path: { id: `rol_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `rol_${string}`; name: string; base: 'admin' | 'agent' | 'customer'; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; version: number; createdAt: string };
  };
  /** Change a custom role. */
  'PATCH /v1/roles/{id}': {
    path: { id: `rol_${string}` };
    query: Record<never, never>;
    body: { name?: string | undefined; permissions?: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[] | undefined };
    answer: { id: `rol_${string}`; name: string; base: 'admin' | 'agent' | 'customer'; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; version: number; createdAt: string };
  };
  /** Remove a custom role that nobody has. */
  'DELETE /v1/roles/{id}': {
    path: { id: `rol_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Make an API key. */
  'POST /v1/api-keys': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string; permissions: ('account:read' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'roles:read' | 'api-keys:read' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; expiresAt?: string | undefined };
    answer: { id: `key_${string}`; name: string; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; userId: `usr_${string}`; createdBy: { id: `usr_${string}`; name: string; isMember: boolean }; expiresAt: string; revokedAt: string | null; lastUsedAt: string | null; createdAt: string; secret: string };
  };
  /** List API keys, without their secrets. */
  'GET /v1/api-keys': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined };
    body: undefined;
    answer: { items: ({ id: `key_${string}`; name: string; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; userId: `usr_${string}`; createdBy: { id: `usr_${string}`; name: string; isMember: boolean }; expiresAt: string; revokedAt: string | null; lastUsedAt: string | null; createdAt: string })[]; nextCursor: string | null };
  };
  /** Read an API key, without its secret. */
  'GET /v1/api-keys/{id}': {
    path: { id: `key_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `key_${string}`; name: string; permissions: ('account:read' | 'account:manage' | 'channels:subscribe' | 'channels:signal' | 'conversations:read' | 'conversations:open' | 'conversations:reply' | 'conversations:manage' | 'attachments:read' | 'attachments:upload' | 'members:read' | 'members:manage' | 'customers:invite' | 'owners:manage' | 'organization:manage' | 'providers:manage' | 'roles:read' | 'roles:manage' | 'api-keys:read' | 'api-keys:manage' | 'usage:read' | 'audit:read' | 'flags:read' | 'flags:manage' | 'organization:export' | 'organization:erase' | 'jobs:read' | 'jobs:manage' | 'webhooks:read' | 'webhooks:manage' | 'events:send')[]; userId: `usr_${string}`; createdBy: { id: `usr_${string}`; name: string; isMember: boolean }; expiresAt: string; revokedAt: string | null; lastUsedAt: string | null; createdAt: string };
  };
  /** Revoke an API key. */
  'DELETE /v1/api-keys/{id}': {
    path: { id: `key_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Replace an API key's secret; the old one works until the overlap ends. */
  'POST /v1/api-keys/{id}/rotate': {
    path: { id: `key_${string}` };
    query: Record<never, never>;
    body: { overlapHours?: number | undefined };
    answer: { secret: string; overlapUntil: string };
  };
  /** Export all that the organisation has. */
  'POST /v1/organization/export': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { id: `exp_${string}`; status: 'pending' | 'ready'; sizeBytes: number; sha256: string | null; createdAt: string; expiresAt: string };
  };
  /** Show an export of the organisation. */
  'GET /v1/organization/exports/{id}': {
    path: { id: `exp_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `exp_${string}`; status: 'pending' | 'ready'; sizeBytes: number; sha256: string | null; createdAt: string; expiresAt: string };
  };
  /** Download an export of the organisation. */
  'GET /v1/organization/exports/{id}/content': {
    path: { id: `exp_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: Blob;
  };
  /** Erase the organisation and all that it has, after a time to take it back. */
  'POST /v1/organization/erasure': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string; password: string };
    answer: { eraseAt: string };
  };
  /** Take back that the organisation is to be erased. */
  'DELETE /v1/organization/erasure': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Open a conversation. */
  'POST /v1/conversations': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { subject: string; priority?: 'low' | 'normal' | 'high' | 'urgent' | undefined; body: string; attachmentIds?: (`att_${string}`)[] | undefined };
    answer: { id: `cnv_${string}`; number: number; subject: string; status: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed'; priority: 'low' | 'normal' | 'high' | 'urgent'; assigneeId: `usr_${string}` | null; customerId: `usr_${string}`; tags: (string)[]; snoozedUntil: string | null; messageCount: number; lastMessageAt: string; createdAt: string; version: number };
  };
  /** List conversations. */
  'GET /v1/conversations': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined; status?: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed' | undefined; priority?: 'low' | 'normal' | 'high' | 'urgent' | undefined; assigneeId?: `usr_${string}` | undefined; tag?: string | undefined; q?: string | undefined };
    body: undefined;
    answer: { items: ({ id: `cnv_${string}`; number: number; subject: string; status: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed'; priority: 'low' | 'normal' | 'high' | 'urgent'; assigneeId: `usr_${string}` | null; customerId: `usr_${string}`; tags: (string)[]; snoozedUntil: string | null; messageCount: number; lastMessageAt: string; createdAt: string; version: number })[]; nextCursor: string | null };
  };
  /** Get a conversation. */
  'GET /v1/conversations/{id}': {
    path: { id: `cnv_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `cnv_${string}`; number: number; subject: string; status: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed'; priority: 'low' | 'normal' | 'high' | 'urgent'; assigneeId: `usr_${string}` | null; customerId: `usr_${string}`; tags: (string)[]; snoozedUntil: string | null; messageCount: number; lastMessageAt: string; createdAt: string; version: number };
  };
  /** Change a conversation. */
  'PATCH /v1/conversations/{id}': {
    path: { id: `cnv_${string}` };
    query: Record<never, never>;
    body: { status?: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed' | undefined; priority?: 'low' | 'normal' | 'high' | 'urgent' | undefined; assigneeId?: `usr_${string}` | null | undefined; subject?: string | undefined; tags?: (string)[] | undefined; snoozedUntil?: string | undefined };
    answer: { id: `cnv_${string}`; number: number; subject: string; status: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed'; priority: 'low' | 'normal' | 'high' | 'urgent'; assigneeId: `usr_${string}` | null; customerId: `usr_${string}`; tags: (string)[]; snoozedUntil: string | null; messageCount: number; lastMessageAt: string; createdAt: string; version: number };
  };
  /** List the messages of a conversation. */
  'GET /v1/conversations/{id}/messages': {
    path: { id: `cnv_${string}` };
    query: { limit?: number | undefined; cursor?: string | undefined };
    body: undefined;
    answer: { items: ({ id: `msg_${string}`; conversationId: `cnv_${string}`; authorId: `usr_${string}`; kind: 'reply' | 'note'; body: string; attachments: ({ id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] })[]; clientMessageId: string | null; createdAt: string })[]; nextCursor: string | null };
  };
  /** Send a message. */
  'POST /v1/conversations/{id}/messages': {
    path: { id: `cnv_${string}` };
    query: Record<never, never>;
    body: { kind?: 'reply' | 'note' | undefined; clientMessageId?: string | null | undefined; body: string; attachmentIds?: (`att_${string}`)[] | undefined };
    answer: { id: `msg_${string}`; conversationId: `cnv_${string}`; authorId: `usr_${string}`; kind: 'reply' | 'note'; body: string; attachments: ({ id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] })[]; clientMessageId: string | null; createdAt: string };
  };
  /** Upload a file. */
  'POST /v1/attachments': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: FormData;
    answer: { id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] };
  };
  /** Begin an upload straight to storage. */
  'POST /v1/attachments/direct': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string; sizeBytes: number; sha256?: string | undefined; contentType?: string | undefined };
    answer: { id: `att_${string}`; url: string; method: 'PUT' | 'POST'; headers: Record<string, string>; fields?: Record<string, string> | undefined; expiresAt: string };
  };
  /** Complete an upload straight to storage. */
  'POST /v1/attachments/{id}/complete': {
    path: { id: `att_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] };
  };
  /** Get an attachment's metadata. */
  'GET /v1/attachments/{id}': {
    path: { id: `att_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] };
  };
  /** Take back an upload. */
  'DELETE /v1/attachments/{id}': {
    path: { id: `att_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Download an attachment's bytes. */
  'GET /v1/attachments/{id}/content': {
    path: { id: `att_${string}` };
    query: { variant?: string | undefined };
    body: undefined;
    answer: Blob;
  };
  /** Get what files the organisation takes. */
  'GET /v1/file-policy': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { maxFileBytes: number | null; allowedTypes: (string)[] | null; refusedTypes: (string)[] };
  };
  /** Change what files the organisation takes. */
  'PATCH /v1/file-policy': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { maxFileBytes?: number | null | undefined; allowedTypes?: (string)[] | null | undefined; refusedTypes?: (string)[] | undefined };
    answer: { maxFileBytes: number | null; allowedTypes: (string)[] | null; refusedTypes: (string)[] };
  };
  /** How the work on a video or a sound goes. */
  'GET /v1/attachments/{id}/recording': {
    path: { id: `att_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { attachmentId: `att_${string}`; status: 'none' | 'waiting' | 'working' | 'ready' | 'failed' | 'cancelled'; reason: string | null; durationMs: number | null; video: { codec: string; width: number; height: number; framesPerSecond: number } | null; audio: { codec: string; channels: number; sampleRate: number; loudness: number | null } | null };
  };
  /** End the work on a video or a sound. */
  'POST /v1/attachments/{id}/recording/cancel': {
    path: { id: `att_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { attachmentId: `att_${string}`; status: 'none' | 'waiting' | 'working' | 'ready' | 'failed' | 'cancelled'; reason: string | null; durationMs: number | null; video: { codec: string; width: number; height: number; framesPerSecond: number } | null; audio: { codec: string; channels: number; sampleRate: number; loudness: number | null } | null };
  };
  /** Work on a video or a sound again that failed. */
  'POST /v1/attachments/{id}/recording/retry': {
    path: { id: `att_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { attachmentId: `att_${string}`; status: 'none' | 'waiting' | 'working' | 'ready' | 'failed' | 'cancelled'; reason: string | null; durationMs: number | null; video: { codec: string; width: number; height: number; framesPerSecond: number } | null; audio: { codec: string; channels: number; sampleRate: number; loudness: number | null } | null };
  };
  /** Make a link to a file that expires. */
  'POST /v1/attachments/{id}/links': {
    path: { id: `att_${string}` };
    query: Record<never, never>;
    body: { variant?: string | undefined; image?: ImageRequest | undefined; download?: boolean | undefined; expiresInSeconds?: number | undefined };
    answer: { url: string; expiresAt: string };
  };
  /** Add a webhook. */
  'POST /v1/webhooks': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { url: string; events: (string)[]; description?: string | undefined; enabled?: boolean | undefined };
    answer: { id: `whk_${string}`; url: string; description: string; events: (string)[]; enabled: boolean; disabledReason: 'gone' | 'failing' | null; failingSince: string | null; createdAt: string; secret: string; publicKey: string };
  };
  /** List webhooks. */
  'GET /v1/webhooks': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined };
    body: undefined;
    answer: { items: ({ id: `whk_${string}`; url: string; description: string; events: (string)[]; enabled: boolean; disabledReason: 'gone' | 'failing' | null; failingSince: string | null; createdAt: string })[]; nextCursor: string | null };
  };
  /** Read a webhook. */
  'GET /v1/webhooks/{id}': {
    path: { id: `whk_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `whk_${string}`; url: string; description: string; events: (string)[]; enabled: boolean; disabledReason: 'gone' | 'failing' | null; failingSince: string | null; createdAt: string };
  };
  /** Change a webhook. */
  'PATCH /v1/webhooks/{id}': {
    path: { id: `whk_${string}` };
    query: Record<never, never>;
    body: { url?: string | undefined; description?: string | undefined; events?: (string)[] | undefined; enabled?: boolean | undefined };
    answer: { id: `whk_${string}`; url: string; description: string; events: (string)[]; enabled: boolean; disabledReason: 'gone' | 'failing' | null; failingSince: string | null; createdAt: string };
  };
  /** Remove a webhook. */
  'DELETE /v1/webhooks/{id}': {
    path: { id: `whk_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: undefined;
  };
  /** Replace a webhook's secret; both sign for 24 hours. */
  'POST /v1/webhooks/{id}/secret': {
    path: { id: `whk_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { secret: string; publicKey: string };
  };
  /** List the deliveries of a webhook. */
  'GET /v1/webhooks/{id}/deliveries': {
    path: { id: `whk_${string}` };
    query: { limit?: number | undefined; cursor?: string | undefined; status?: 'waiting' | 'delivered' | 'failed' | undefined };
    body: undefined;
    answer: { items: ({ id: `evt_${string}`; type: string; status: 'waiting' | 'delivered' | 'failed'; attempts: number; nextAttemptAt: string | null; attemptedAt: string | null; responseStatus: number | null; responseBody: string | null; durationMs: number | null; error: string | null })[]; nextCursor: string | null };
  };
  /** Deliver an event again. */
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/replay': {
    path: { id: `whk_${string}`; deliveryId: `evt_${string}` };
    query: Record<never, never>;
    body: undefined;
    answer: { id: `evt_${string}`; type: string; status: 'waiting' | 'delivered' | 'failed'; attempts: number; nextAttemptAt: string | null; attemptedAt: string | null; responseStatus: number | null; responseBody: string | null; durationMs: number | null; error: string | null };
  };
  /** Deliver the events since a time again. */
  'POST /v1/webhooks/{id}/replay': {
    path: { id: `whk_${string}` };
    query: Record<never, never>;
    body: { since: string; until?: string | undefined };
    answer: { since: string; until: string };
  };
  /** Send an event. */
  'POST /v1/events': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string; payload: Record<string, unknown>; id?: string | undefined };
    answer: { id: `evt_${string}`; isNew: boolean };
  };
  /** What the organisation uses, and its quotas. */
  'GET /v1/usage': {
    path: Record<never, never>;
    query: { from?: string | undefined; to?: string | undefined };
    body: undefined;
    answer: { from: string; to: string; quotas: ({ name: 'stored-bytes' | 'seats' | 'log-bytes' | 'waiting-jobs' | 'job-bytes' | 'sockets' | 'requests-per-day' | 'requests-per-month'; value: number; limit: number | null })[]; counters: ({ name: 'requests' | 'jobs' | 'events' | 'socket-connections'; days: ({ day: string; value: number })[] })[] };
  };
  /** List the organisation's flags. */
  'GET /v1/flags': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { flags: ({ name: 'email-customers' | 'email-staff'; value: boolean | number | string; default: boolean | number | string; description: string })[] };
  };
  /** Change the organisation's flags. */
  'PATCH /v1/flags': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { 'email-customers'?: boolean | null | undefined; 'email-staff'?: boolean | null | undefined };
    answer: { flags: ({ name: 'email-customers' | 'email-staff'; value: boolean | number | string; default: boolean | number | string; description: string })[] };
  };
  /** List what was done in the organisation, by whom and from where. */
  'GET /v1/audit': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined; action?: string | undefined; actorId?: string | undefined; since?: string | undefined; until?: string | undefined };
    body: undefined;
    answer: { items: ({ id: `evt_${string}`; sequence: number; action: string; actor: { kind: string; userId?: `usr_${string}` | undefined }; details: Record<string, unknown>; ip: string | null; userAgent: string | null; requestId: string; at: string; previousHash: string; hash: string })[]; nextCursor: string | null };
  };
  /** List the jobs of the organisation, newest first. */
  'GET /v1/jobs': {
    path: Record<never, never>;
    query: { limit?: number | undefined; cursor?: string | undefined; state?: 'waiting' | 'active' | 'completed' | 'failed' | 'delayed' | 'blocked' | undefined };
    body: undefined;
    answer: { items: ({ id: string; name: string; queue: 'site-crawling' | 'ai-processing' | 'voice-processing' | 'email-sending' | 'analytics-aggregation' | 'media-processing' | 'calendar-sync' | 'webhook-delivery' | 'maintenance'; state: 'waiting' | 'active' | 'completed' | 'failed' | 'delayed' | 'blocked'; progress: number; attempts: number; reason: string | null; enqueuedAt: string; startedAt: string | null; finishedAt: string | null })[]; nextCursor: string | null };
  };
  /** Read a job with its log. */
  'GET /v1/jobs/{id}': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; name: string; queue: 'site-crawling' | 'ai-processing' | 'voice-processing' | 'email-sending' | 'analytics-aggregation' | 'media-processing' | 'calendar-sync' | 'webhook-delivery' | 'maintenance'; state: 'waiting' | 'active' | 'completed' | 'failed' | 'delayed' | 'blocked'; progress: number; attempts: number; reason: string | null; enqueuedAt: string; startedAt: string | null; finishedAt: string | null; log: (string)[] };
  };
  /** Try a failed job again. */
  'POST /v1/jobs/{id}/retry': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; name: string; queue: 'site-crawling' | 'ai-processing' | 'voice-processing' | 'email-sending' | 'analytics-aggregation' | 'media-processing' | 'calendar-sync' | 'webhook-delivery' | 'maintenance'; state: 'waiting' | 'active' | 'completed' | 'failed' | 'delayed' | 'blocked'; progress: number; attempts: number; reason: string | null; enqueuedAt: string; startedAt: string | null; finishedAt: string | null; log: (string)[] };
  };
  /** Cancel a job. */
  'POST /v1/jobs/{id}/cancel': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; name: string; queue: 'site-crawling' | 'ai-processing' | 'voice-processing' | 'email-sending' | 'analytics-aggregation' | 'media-processing' | 'calendar-sync' | 'webhook-delivery' | 'maintenance'; state: 'waiting' | 'active' | 'completed' | 'failed' | 'delayed' | 'blocked'; progress: number; attempts: number; reason: string | null; enqueuedAt: string; startedAt: string | null; finishedAt: string | null; log: (string)[] };
  };
  /** Whether everything the service depends on answers. */
  'GET /health': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: HealthReport;
  };
  /** Whether the process answers. */
  'GET /health/live': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: HealthReport;
  };
  /** Whether requests should come here. */
  'GET /health/ready': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: HealthReport;
  };
}
