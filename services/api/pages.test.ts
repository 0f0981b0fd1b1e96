import { expect, test } from 'bun:test';
import { createPages } from './pages.ts';

test.each(['/invitations/accept', '/reset-password', '/verify-email'])(
  '%s: the policy allows its own script only',
  async (path) => {
    const answer = await createPages().request(`${path}?token=x`);
    expect(answer.status).toBe(200);
    const [script = ''] = /(?<=<script>).*(?=<\/script>)/s.exec(await answer.text()) ?? [];
    const hash = new Bun.CryptoHasher('sha256').update(script).digest('base64');
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toContain(`script-src 'sha256-${hash}';`);
    expect(policy).toContain("default-src 'none'");
  },
);

test('GET / redirects to /docs', async () => {
  const answer = await createPages().request('/');
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs']);
});
