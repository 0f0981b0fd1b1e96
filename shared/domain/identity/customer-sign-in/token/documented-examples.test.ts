import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { newId } from '@insightdesk/shared/utils';
import { readTokenReference, verifyIdentityToken } from './verify-identity-token.ts';

const guide = await Bun.file(
  join(import.meta.dir, '../../../../../docs/customer-sign-in.md'),
).text();
const blockOf = (language: string) =>
  new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(guide)?.[1] ?? '';

const secret = 'a secret of at least thirty-two bytes!';
const [keyId, organizationId] = [newId('idk'), newId('org')];

async function expectValid(token: string) {
  expect(readTokenReference(token)).toEqual({ tenantId: organizationId, keyId });
  const identity = await verifyIdentityToken(token, { algorithm: 'HS256', material: secret });
  expect(identity).toMatchObject({
    externalId: '42',
    tokenId: expect.any(String),
    profile: { name: 'Zoë', email: 'zoe@example.com', isEmailVerified: true },
  });
}

test('docs/customer-sign-in.md: the JavaScript example signs a valid token', async () => {
  const source = new Blob([blockOf('js')], { type: 'text/javascript' });
  const { identityToken } = await import(URL.createObjectURL(source));
  const user = { id: '42', name: 'Zoë', email: 'zoe@example.com', emailVerified: true };
  await expectValid(identityToken(user, { keyId, secret, organizationId }));
});

test.skipIf(!Bun.which('python3'))(
  'docs/customer-sign-in.md: the Python example signs a valid token',
  async () => {
    const user = `{"id": "42", "name": "Zoë", "email": "zoe@example.com", "email_verified": True}`;
    const call = `print(identity_token(${user}, "${keyId}", "${secret}", "${organizationId}"))`;
    const run = Bun.spawn(['python3', '-c', `${blockOf('python')}\n${call}`], {
      env: { PYTHONUTF8: '1' },
    });
    await expectValid((await new Response(run.stdout).text()).trim());
  },
);
