/**
 * The paths whose documented responses one test file has to see. Every route is at or below one of
 * them; the test file calls `testDocumentedResponses` with the key.
 */
export const testedPaths = {
  accounts: [
    '/v1/auth/link',
    '/v1/auth/verify-email',
    '/v1/auth/password',
    '/v1/auth/email',
    '/v1/auth/organizations',
    '/v1/auth/switch',
    '/v1/organizations',
  ],
  sessions: [
    '/v1/auth/register',
    '/v1/auth/login',
    '/v1/auth/refresh',
    '/v1/auth/sessions',
    '/v1/auth/logout',
    '/v1/auth/logout-all',
  ],
  members: ['/v1/members', '/v1/invitations', '/v1/me'],
  'two-factor': ['/v1/auth/two-factor'],
  passkeys: ['/v1/auth/passkeys'],
  'identity-providers': ['/v1/auth/oauth', '/v1/identity-providers'],
  'customer-sign-in': ['/v1/auth/customers', '/v1/contacts/:id/sessions'],
  'identity-keys': ['/v1/identity-keys'],
  roles: ['/v1/roles', '/v1/permissions'],
  'api-keys': ['/v1/api-keys'],
  organization: ['/v1/organization', '/v1/flags', '/v1/audit'],
  usage: ['/v1/usage'],
  contacts: ['/v1/contacts', '/v1/companies'],
  conversations: ['/v1/conversations'],
  attachments: ['/v1/attachments', '/v1/file-policy'],
  uploads: ['/v1/uploads'],
  notifications: ['/v1/me/preferences', '/v1/unsubscribe', '/v1/email-templates'],
  webhooks: ['/v1/webhooks'],
  'event-ingest': ['/v1/events'],
  jobs: ['/v1/jobs'],
} as const satisfies Record<string, readonly string[]>;

export type TestedFeature = keyof typeof testedPaths;

/** The path is `parent` or below it. */
export const isBelow = (path: string, parent: string) => `${path}/`.startsWith(`${parent}/`);
