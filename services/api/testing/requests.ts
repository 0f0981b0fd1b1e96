import type { IdPrefix } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import type { Route } from '../route.ts';
import type { RequestOptions } from './integration-api.ts';

const attested = { clientDataJSON: 'x', attestationObject: 'x' };
const asserted = { clientDataJSON: 'x', authenticatorData: 'x', signature: 'x', userHandle: 'x' };
const passkey = { id: 'x', rawId: 'x', type: 'public-key' };
const password = 'a long enough password';
const email = 'user@example.com';
/** Minimal valid bodies; routes that are not listed take an empty one. */
export const bodies: Readonly<Record<string, object>> = {
  'POST /v1/auth/register': { email, password, name: 'N', organizationName: 'O' },
  'POST /v1/auth/login': { email, password },
  'POST /v1/auth/refresh': { refreshToken: 'x' },
  'POST /v1/auth/verify-email': { token: 'x', password },
  'POST /v1/auth/password/reset': { email },
  'POST /v1/auth/password/reset/confirm': { token: 'x', password },
  'POST /v1/auth/passkeys/sign-in': { token: 'x', response: { ...passkey, response: asserted } },
  'POST /v1/auth/oauth/exchange': { token: 'x', verifier: 'x'.repeat(43) },
  'POST /v1/invitations/accept': { token: 'x', name: 'N', password },
  'POST /v1/auth/two-factor': { password: 'x' },
  'POST /v1/auth/two-factor/confirm': { code: '123456' },
  'POST /v1/auth/two-factor/remove': { password: 'x', code: '123456' },
  'POST /v1/auth/two-factor/recovery-codes': { password: 'x', code: '123456' },
  'POST /v1/auth/passkeys/options': { password: 'x' },
  'POST /v1/auth/passkeys': { token: 'x', response: { ...passkey, response: attested } },
  'PATCH /v1/auth/passkeys/:id': { name: 'x' },
  'POST /v1/auth/passkeys/:id/remove': { password: 'x' },
  'POST /v1/auth/oauth/:providerId/link': { password: 'x', redirectTo: 'https://x.example/' },
  'POST /v1/auth/customers': { identityToken: 'x' },
  'POST /v1/auth/customers/code': { organizationId: newId('org'), email },
  'POST /v1/auth/customers/code/verify': {
    organizationId: newId('org'),
    email,
    code: '123456',
  },
  'POST /v1/auth/customers/anonymous': { organizationId: newId('org') },
  'POST /v1/identity-keys': { name: 'K', algorithm: 'HS256' },
  'POST /v1/identity-providers': {
    name: 'x',
    issuer: 'https://x.example/',
    clientId: 'x',
    clientSecret: 'x',
  },
  'PATCH /v1/me': { name: 'N' },
  'DELETE /v1/me': { password: 'x' },
  'PATCH /v1/organization': { requireTwoFactor: true },
  'POST /v1/contacts': { name: 'C' },
  'POST /v1/contacts/:id/merge': { sourceId: newId('usr') },
  'PATCH /v1/contacts/:id': { name: 'C' },
  'POST /v1/companies': { name: 'C' },
  'POST /v1/conversations': { subject: 'S', body: 'B' },
  'POST /v1/conversations/:id/messages': { body: 'B' },
  'PATCH /v1/conversations/:id/messages/:messageId': { body: 'B' },
  'POST /v1/invitations': { email, role: 'agent' },
  'POST /v1/auth/password': { currentPassword: 'x', password },
  'POST /v1/auth/email': { password: 'x', email },
  'POST /v1/auth/switch': { organizationId: newId('org') },
  'POST /v1/organizations': { name: 'Another' },
  'PATCH /v1/members/:userId': { role: 'agent' },
  'PATCH /v1/members/:userId/presence': { status: 'away' },
  'POST /v1/organization/erasure': { name: 'N', password: 'P' },
  'POST /v1/webhooks': { url: 'https://example.com/', events: ['*'] },
  'POST /v1/roles': { name: 'R', base: 'agent', permissions: [] },
  'POST /v1/api-keys': { name: 'K', permissions: ['members:read'] },
  'POST /v1/attachments/direct': { name: 'a', sizeBytes: 1 },
  'POST /v1/events': {
    name: 'email/send.requested',
    payload: { to: email, subject: 'S', body: 'B' },
  },
  'POST /v1/unsubscribe': { token: 'x' },
  'PUT /v1/email-templates/:name/:locale': { subject: 'S', body: '{{messages}}' },
  'POST /v1/webhooks/:id/replay': { since: new Date().toISOString() },
};
/** Path parameters that are no ids. */
const samples: Readonly<Record<string, string>> = { name: 'conversation-messages', locale: 'en' };
const queries: Record<string, string> = {
  'GET /v1/permissions/explain': '?permission=members:read',
  'GET /v1/unsubscribe': '?token=x',
};
/** Required headers of tus routes. */
const tusHeaders: Record<string, string> = {
  'Tus-Resumable': '1.0.0',
  'Upload-Length': '5',
  'Upload-Offset': '0',
};

export const routeName = ({ method, path }: Route) => `${method} ${path}`;

export const takesJson = ({ method, body, hasBody }: Route) =>
  hasBody || (['POST', 'PATCH', 'PUT'].includes(method) && !body);

/** The path of a route with a valid but unknown id, or with the given one. */
export function pathOf({ path, input }: Route, id?: string): string {
  return path.replace(
    /:(\w+)/g,
    (_, name) => id ?? samples[name] ?? newId(prefixOf(input, name) ?? 'cnv'),
  );
}

/** The prefix of an id in an input, by the pattern of its schema. */
function prefixOf(input: z.ZodType, name: string): IdPrefix | undefined {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  const { pattern } = (properties[name] ?? {}) as { pattern?: string };
  return /^\^([a-z]{3})_/.exec(pattern ?? '')?.[1] as IdPrefix | undefined;
}

export const fileForm = (text: string, field = 'file') => {
  const form = new FormData();
  form.append(field, new Blob([text], { type: 'text/plain' }), 'note.txt');
  return form;
};

/** A valid request to a route, except that the id in its path does not exist. */
export function validRequest(route: Route, id?: string): RequestOptions & { path: string } {
  const { protocol, body } = route;
  const name = routeName(route);
  const path = pathOf(route, id) + (queries[name] ?? '');
  if (protocol) {
    const required = Object.entries(tusHeaders).filter(
      ([header]) => header in protocol.requestHeaders.shape,
    );
    const headers = {
      ...Object.fromEntries(required),
      ...(body && { 'Content-Type': body.contentType }),
    };
    return { path, headers, ...(body && { body: 'bytes' }) };
  }
  if (body) return { path, body: fileForm('text') };
  return { path, ...(takesJson(route) && { body: bodies[name] ?? {} }) };
}
