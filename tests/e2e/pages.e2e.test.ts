import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { totpCode } from '../../shared/testing/totp-code.ts';
import { findChromium } from './chromium.ts';
import {
  call,
  findEmailedToken,
  password,
  registerOwner,
  run,
  type TestUser,
  verifyEmail,
} from './client.ts';

const executablePath = findChromium();
const flags = ['--no-sandbox', '--disable-background-networking'];
let browser: Browser | undefined;
let host: TestUser;

beforeAll(async () => {
  host = await registerOwner('Hanna Host');
  await verifyEmail(host);
  if (executablePath) browser = await chromium.launch({ executablePath, args: flags });
});
afterAll(() => browser?.close());

/** The page of an invitation to this address, and errors in its console. */
async function openInvitation(email: string) {
  const body = { email, role: 'agent' };
  const invited = await call('POST', '/v1/invitations', { token: host.token, body });
  expect(invited.status).toBe(201);
  const token = await findEmailedToken(email, 'You are invited');
  const context = await browser?.newContext({ ignoreHTTPSErrors: true, colorScheme: 'dark' });
  const page = (await context?.newPage()) as Page;
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.goto(`${run.url}/invitations/accept?token=${token}`);
  await page.getByText(`Hanna Host invites ${email} to join`).waitFor();
  return { page, errors };
}

const alertOf = (page: Page) => page.getByRole('alert').filter({ hasText: /\w/ }).textContent();

test.skipIf(!executablePath)(
  'invitation page: shows why a password is refused, then where to continue',
  async () => {
    const { page, errors } = await openInvitation(`new-${Date.now()}@example.com`);
    await page.fill('[name=name]', 'Nina New');
    await page.fill('[name=password]', 'password123');
    await page.click('button');
    expect(await alertOf(page)).toBe('Too common; choose another password');
    await page.fill('[name=password]', password);
    await page.click('button');
    await page.getByRole('link', { name: 'Continue to' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Already accepted' }).waitFor();
    expect(errors).toEqual([]);
  },
);

test.skipIf(!executablePath)(
  'invitation page: an account with a second factor enters its password and a code, no name',
  async () => {
    const guest = await registerOwner('Gina Guest');
    await verifyEmail(guest);
    const { token } = guest;
    const started = await call('POST', '/v1/auth/two-factor', { token, body: { password } });
    const { secret } = started.body;
    const code = totpCode(secret);
    const confirmed = await call('POST', '/v1/auth/two-factor/confirm', { token, body: { code } });
    expect(confirmed.status).toBe(200);

    const { page, errors } = await openInvitation(guest.email);
    expect(await page.locator('[name=name]').count()).toBe(0);
    await page.fill('[name=password]', password);
    await page.click('button');
    expect(await alertOf(page)).toBe('Enter the code of your second factor.');
    await page.fill('[name=code]', totpCode(secret, 1));
    await page.click('button');
    await page.getByText(`You joined as ${guest.email}.`).waitFor();
    expect(errors).toEqual([]);
  },
);
