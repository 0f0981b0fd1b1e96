import type { Section } from './section.ts';

const disabled = 'The organization allows it in its settings.';

export const customerSignIn: Section = {
  tag: 'Customer sign-in',
  description:
    'How customers of a product get tokens without an account here: by an identity token of your server, a code by email, or as a visitor. All lead to the same contact.',
  operations: {
    'POST /v1/auth/customers': {
      text: 'Exchanges an identity token for the tokens of a customer; creates or updates the contact. The token is a JWT of at most one hour: `kid` is the identity key, `aud` the organization, `sub` your id of the customer. 401 `IDENTITY_TOKEN_INVALID` says what is wrong; 403 `CONTACT_BLOCKED`.',
      request: { identityToken: 'eyJhbGciOiJIUzI1NiIsImtpZCI6Imlka18ifQ.eyJzdWIiOiJjIn0.c2ln' },
    },
    'POST /v1/auth/customers/code': `Emails a code of six digits, which is valid for ten minutes. The answer is the same whether or not the address is known. ${disabled}`,
    'POST /v1/auth/customers/code/verify':
      'Exchanges the code for the tokens of the customer with this address. 401 `CODE_INVALID` for a wrong, used or expired code; 403 `CONTACT_BLOCKED`.',
    'POST /v1/auth/customers/anonymous': {
      text: `Creates a contact without an address, and tokens for it. Send its access token with a later sign-in, and the visitor becomes that customer. ${disabled} 403 \`VISITORS_DISABLED\`; 429 \`TOO_MANY_VISITORS\`.`,
      request: { name: 'Visitor' },
    },
    'POST /v1/contacts/{id}/sessions':
      'Creates a session of a contact and returns its tokens, for servers that sign their users in themselves. API keys only; the audit log has both. 403 for users; 404 for staff; 409 `CONTACT_BLOCKED`.',
    'POST /v1/identity-keys': {
      text: 'Creates a key for identity tokens. HS256 returns a secret, only once; for EdDSA you send the public key. 409 `TOO_MANY_IDENTITY_KEYS`.',
      request: { name: 'Shop server' },
    },
    'GET /v1/identity-keys': 'Returns identity keys without secrets, with their last use.',
    'DELETE /v1/identity-keys/{id}':
      'Revokes a key: its tokens are refused at once. To rotate, create the new key first. Sessions that it started remain.',
  },
};
