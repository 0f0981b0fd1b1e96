import type { Section } from './section.ts';

const mailed = 'The answer is the same whether or not the address is known.';
const cookies =
  'With `X-Session-Mode: cookie` the answer is 204 and the tokens are in cookies, for browsers.';

export const authentication: Section = {
  tag: 'Authentication',
  description:
    'Sign-in, sessions and tokens. An access token is short-lived; a refresh token renews it once and is replaced.',
  operations: {
    'POST /v1/auth/register': `Creates a user, an organization with the user as owner, and a session. ${cookies} 403 \`REGISTRATION_CLOSED\` where only operators create organizations; 422 \`WEAK_PASSWORD\`.`,
    'POST /v1/auth/login': `Creates a session from an email address and a password. ${cookies} 401 \`INVALID_CREDENTIALS\`, or \`TWO_FACTOR_REQUIRED\`: repeat the request with \`code\`.`,
    'POST /v1/auth/refresh':
      'Exchanges a refresh token for new tokens; the old one ends. 401 `TOKEN_REUSED` ends the session, because another client has used the token.',
    'POST /v1/auth/logout':
      'Ends the session of the access token and closes its sockets. API keys have no session.',
    'POST /v1/auth/logout-all':
      'Ends all sessions of the caller in this organization, also the current one, and closes their sockets.',
    'GET /v1/auth/sessions':
      'Returns where the caller is signed in, with device and last use. The session of the request is marked.',
    'DELETE /v1/auth/sessions/{id}':
      'Ends one session of the caller and closes its sockets. 404 for a session of another user.',
    'GET /v1/auth/link':
      'Shows a page what the token of an emailed link is for, without using it up. 422 `LINK_INVALID` when it is expired, used or replaced.',
    'POST /v1/auth/verify-email':
      'Marks the address of the token as verified, or completes a change of address. 422 `LINK_INVALID`; 403 `WRONG_PASSWORD`.',
    'POST /v1/auth/verify-email/resend':
      'Emails a new link to the address of the caller; older links end.',
    'POST /v1/auth/password': {
      text: 'Replaces the password and ends the other sessions of the caller. 403 `WRONG_PASSWORD`; 422 `WEAK_PASSWORD`.',
      request: { password: 'staple battery horse' },
    },
    'POST /v1/auth/password/reset': `Emails a link to set a new password. ${mailed}`,
    'POST /v1/auth/password/reset/confirm':
      'Sets a new password with the token of an emailed link and ends all sessions. 422 `LINK_INVALID` or `WEAK_PASSWORD`.',
    'POST /v1/auth/email': `Emails a link to the new address; the change is complete when it is opened. ${mailed} 403 \`WRONG_PASSWORD\`.`,
    'GET /v1/auth/organizations':
      'Returns every organization of the caller with the role in it. Switch to one with `POST /v1/auth/switch`.',
    'POST /v1/auth/switch':
      'Replaces the session by one in another organization of the caller. 403 when that organization requires a second factor or is disabled; 404 for one without membership.',
  },
};

export const secondFactor: Section = {
  tag: 'Two-factor and passkeys',
  description: 'A second factor by authenticator app, recovery codes, and passkeys (WebAuthn).',
  operations: {
    'GET /v1/auth/two-factor':
      'Shows which second factors the caller has and how many recovery codes are left.',
    'POST /v1/auth/two-factor':
      'Returns the secret for an authenticator app. It has an effect after `POST /v1/auth/two-factor/confirm`. 409 `TWO_FACTOR_SET_UP`.',
    'POST /v1/auth/two-factor/confirm':
      'Enables the authenticator app with its first code and returns recovery codes, only once. 409 `TWO_FACTOR_NOT_BEGUN`; 401 `TWO_FACTOR_INVALID`.',
    'POST /v1/auth/two-factor/remove':
      'Removes the authenticator app. 409 `TWO_FACTOR_ENFORCED` while an organization of the caller requires a second factor.',
    'POST /v1/auth/two-factor/recovery-codes':
      'Returns new recovery codes; the old ones end. 422 `TWO_FACTOR_NOT_SET_UP`.',
    'POST /v1/auth/passkeys/sign-in/options':
      'Returns options for `navigator.credentials.get` and a token that belongs to them.',
    'POST /v1/auth/passkeys/sign-in':
      'Creates a session from the response of the browser. A passkey counts as two factors. 401 `PASSKEY_REFUSED`.',
    'POST /v1/auth/passkeys/options':
      'Returns options for `navigator.credentials.create`. The password is asked for, because a passkey signs in without one.',
    'POST /v1/auth/passkeys':
      'Stores the passkey that the browser has created. The first second factor also returns recovery codes. 409 `PASSKEY_REGISTERED` or `TOO_MANY_PASSKEYS`.',
    'GET /v1/auth/passkeys': 'Returns the passkeys of the caller with their last use.',
    'PATCH /v1/auth/passkeys/{id}': {
      text: 'Changes the name that the list shows.',
      request: { name: 'Laptop' },
    },
    'POST /v1/auth/passkeys/{id}/remove':
      'Deletes a passkey. A POST, because it takes the password. 409 `TWO_FACTOR_ENFORCED` for the last second factor that an organization requires.',
  },
};

export const singleSignOn: Section = {
  tag: 'Single sign-on',
  description:
    'Sign-in with OpenID Connect. Owners configure identity providers; people sign in with them.',
  operations: {
    'GET /v1/auth/oauth/callback':
      'The identity provider sends the browser here. Redirects to the page of the app with a ticket, or with an error code.',
    'GET /v1/auth/oauth/{providerId}/start':
      'Open this in a browser: it redirects to the identity provider. Afterwards the app exchanges the ticket of its page.',
    'POST /v1/auth/oauth/exchange':
      'Exchanges the ticket of the redirect for tokens, once. 401 `OAUTH_UNKNOWN_PERSON` when no member has this identity, `OAUTH_STALE` when it took too long.',
    'POST /v1/auth/oauth/{providerId}/link':
      'Returns the URL at which the caller signs in with the provider, to link that identity to the account. 403 `WRONG_PASSWORD`.',
    'DELETE /v1/auth/oauth/{providerId}/link':
      'Removes the identity of the provider from the account of the caller.',
    'POST /v1/identity-providers': {
      text: 'Adds an OpenID Connect provider. Its issuer is fetched first: 422 when that fails. 409 `TOO_MANY_PROVIDERS`.',
      request: { name: 'Acme sign-in', allowedDomains: ['example.com'] },
    },
    'GET /v1/identity-providers': 'Returns all providers, without their secrets.',
    'PATCH /v1/identity-providers/{id}': {
      text: 'Changes a provider; fields that are left out stay. A disabled provider signs no user in.',
      request: { enabled: false },
    },
    'DELETE /v1/identity-providers/{id}':
      'Deletes a provider and ends the sessions that it started. Accounts remain.',
  },
};

export const account: Section = {
  tag: 'Account',
  description: 'The signed-in user.',
  operations: {
    'GET /v1/me':
      'Returns who the token belongs to, in which organization, and with which permissions.',
    'PATCH /v1/me': 'Changes the name of the caller, in all organizations.',
    'GET /v1/me/preferences':
      'Returns time zone, language, working hours and which emails the caller wants in this organization; defaults where nothing was set.',
    'PATCH /v1/me/preferences': {
      text: 'Changes preferences; fields that are left out stay.',
      request: { timezone: 'Europe/Berlin', notifications: { messages: { email: 'daily' } } },
    },
    'DELETE /v1/me':
      'Deletes the account of the caller in all organizations and ends its sessions. 403 `WRONG_PASSWORD`; 409 `LAST_OWNER` while an organization has no other owner.',
  },
};

export const members: Section = {
  tag: 'Members',
  description: 'People in the organization: staff and customers, with their roles and presence.',
  operations: {
    'GET /v1/members':
      'Returns members, newest first. `role` selects one role; `q` searches staff by name and address.',
    'GET /v1/members/{userId}':
      'Returns one member. 404 for users who are no members, and for former members.',
    'PATCH /v1/members/{userId}': {
      text: 'Changes the role, or assigns a custom role. Access tokens with the old role end at once. Only owners change owners; 409 `LAST_OWNER`.',
      request: { role: 'agent' },
    },
    'DELETE /v1/members/{userId}':
      'Removes a member and ends its sessions here; what it wrote remains. 409 `LAST_OWNER`.',
    'PATCH /v1/members/{userId}/presence': {
      text: 'Sets what others see on all open sockets of a member. Everyone may set their own; that of others needs `members:manage`.',
      request: { status: 'busy' },
    },
  },
};

export const invitations: Section = {
  tag: 'Invitations',
  description: 'Staff and customers join by an emailed link.',
  operations: {
    'POST /v1/invitations':
      'Emails a link with which the person joins with this role. Agents invite customers; only owners invite owners. 403 `EMAIL_NOT_VERIFIED`; 409 `ALREADY_MEMBER`; 429 `INVITATION_QUOTA`.',
    'GET /v1/invitations': 'Returns invitations that were not accepted yet.',
    'DELETE /v1/invitations/{id}':
      'Ends an invitation; its link no longer works. 409 `INVITATION_USED`.',
    'POST /v1/invitations/{id}/resend':
      'Emails the invitation again with a new expiry. 409 `INVITATION_SENT_OFTEN` or `INVITATION_USED`.',
    'GET /v1/invitations/accept':
      'Shows a page who is invited to what, without using up the token. 422 `INVITATION_INVALID`; 409 `INVITATION_USED`.',
    'POST /v1/invitations/accept': {
      text: 'Joins with the token of the link and creates a session. A new person sets a name and a password; a user with an account gives its password. 422 `INVITATION_INVALID`.',
      request: { name: 'Ada Byron' },
    },
  },
};

export const roles: Section = {
  tag: 'Roles and permissions',
  description: 'What each role may do, and custom roles that restrict a built-in one.',
  operations: {
    'GET /v1/permissions': 'Returns every permission with the built-in roles that have it.',
    'GET /v1/permissions/explain':
      'Says whether the caller has a permission, and which role or key grants or refuses it.',
    'POST /v1/roles': {
      text: 'Creates a role with some permissions of a built-in role. 409 `ROLE_NAME_TAKEN` or `TOO_MANY_ROLES`; 422 for a permission that the base does not have.',
      request: { name: 'Billing', base: 'agent' },
    },
    'GET /v1/roles': 'Returns the custom roles of the organization.',
    'GET /v1/roles/{id}': 'Returns one custom role with its permissions.',
    'PATCH /v1/roles/{id}': {
      text: 'Changes name or permissions. Members with this role get them at once: their access tokens end.',
      request: { permissions: ['conversations:read'] },
    },
    'DELETE /v1/roles/{id}': 'Deletes a role that no member has. 409 `ROLE_IN_USE`.',
  },
};

export const apiKeys: Section = {
  tag: 'API keys',
  description:
    'Credentials of servers: `Authorization: Bearer <secret>`, with permissions of their own.',
  operations: {
    'POST /v1/api-keys': {
      text: 'Creates a key and returns its secret, only once. A key has at most the permissions of its creator. Name those that others need as well: 422 says which. 409 `TOO_MANY_KEYS`.',
      request: {
        name: 'Shop server',
        permissions: ['contacts:read', 'contacts:manage', 'conversations:read'],
      },
    },
    'GET /v1/api-keys': 'Returns keys without secrets, also those that ended within 30 days.',
    'GET /v1/api-keys/{id}': 'Returns one key without its secret, with its last use.',
    'POST /v1/api-keys/{id}/rotate':
      'Returns a new secret, only once. The old one works for `overlapHours`. 409 `KEY_ENDED`.',
    'DELETE /v1/api-keys/{id}':
      'Ends a key at once, and closes its sockets. It stays in the list for 30 days.',
  },
};
