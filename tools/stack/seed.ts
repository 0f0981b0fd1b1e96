import { readFileSync } from 'node:fs';
import type { RunFile } from './run-file.ts';

const EMAIL_TIMEOUT_MS = 20_000;
const PASSWORD = 'demo-password';

const owner = { email: 'owner@example.com', name: 'Olivia Owner', role: 'owner' };
const invited = [
  { email: 'agent@example.com', name: 'Ada Agent', role: 'agent' },
  { email: 'customer@example.com', name: 'Carla Customer', role: 'customer' },
];

/** The accounts of the demo organization. */
export const demoLogins = [owner, ...invited].map((person) => ({ ...person, password: PASSWORD }));

interface Email {
  to: { address: string }[];
  text: string;
}

interface SeedResult {
  state: 'created' | 'found';
  organizationId: string;
}

interface LoginResponse {
  user: { emailVerified?: boolean };
  accessToken: string;
  organization: { id: string };
}

/** Creates the demo organization through the API. Reads the emails from the dev inbox. */
export async function seed(run: RunFile): Promise<SeedResult> {
  const call = createCaller(run);
  const signedIn = await Promise.all(demoLogins.map(({ email }) => login(call, email)));
  const { accessToken, organization } = signedIn[0] ?? (await register(call));
  await verifyEmail(run, call, accessToken);
  if (signedIn.every(Boolean)) return { state: 'found', organizationId: organization.id };
  for (const [index, person] of invited.entries()) {
    if (signedIn[index + 1]) continue;
    const since = (await listEmails(run, person.email)).length;
    await call('/v1/invitations', { email: person.email, role: person.role }, accessToken);
    const token = await waitForToken(run, person.email, since);
    const joined = await call('/v1/invitations/accept', {
      token,
      name: person.name,
      password: PASSWORD,
    });
    if (person.role === 'customer') await createConversation(call, joined.accessToken);
  }
  return { state: 'created', organizationId: organization.id };
}

type Call = ReturnType<typeof createCaller>;

function createCaller({ url, ca }: RunFile) {
  const tls = { ca: readFileSync(ca, 'utf8') };
  return async function call(path: string, body: object | undefined, token?: string) {
    const response = await fetch(`${url}${path}`, {
      method: body ? 'POST' : 'GET',
      tls,
      signal: AbortSignal.timeout(EMAIL_TIMEOUT_MS),
      headers: {
        'Content-Type': 'application/json',
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new CallError(path, response.status, await response.text());
    return (await response.json()) as LoginResponse;
  };
}

class CallError extends Error {
  readonly status: number;
  constructor(path: string, status: number, text: string) {
    super(`${path} responded ${status}: ${text}`);
    this.status = status;
  }
}

async function login(call: Call, email: string): Promise<LoginResponse | undefined> {
  try {
    return await call('/v1/auth/login', { email, password: PASSWORD });
  } catch (error) {
    if (error instanceof CallError && error.status === 401) return undefined;
    throw error;
  }
}

async function register(call: Call): Promise<LoginResponse> {
  const { email, name } = owner;
  const organizationName = 'Demo Organization';
  const body = { email, name, password: PASSWORD, organizationName };
  return call('/v1/auth/register', body);
}

/** Invitations require a verified email address. */
async function verifyEmail(run: RunFile, call: Call, accessToken: string) {
  if ((await call('/v1/me', undefined, accessToken)).user.emailVerified) return;
  const since = (await listEmails(run, owner.email)).length;
  await call('/v1/auth/verify-email/resend', {}, accessToken);
  const token = await waitForToken(run, owner.email, since);
  await call('/v1/auth/verify-email', { token, password: PASSWORD });
}

async function createConversation(call: Call, token: string) {
  const body = 'Hello! My parcel should have come on Tuesday. Where is it?';
  await call('/v1/conversations', { subject: 'Where is my parcel?', body }, token);
}

async function listEmails({ inbox }: RunFile, address: string): Promise<Email[]> {
  const response = await fetch(`${inbox}/email`, { signal: AbortSignal.timeout(EMAIL_TIMEOUT_MS) });
  const mails = (await response.json()) as Email[];
  return mails.filter(({ to }) => to.some((recipient) => recipient.address === address));
}

async function waitForToken(run: RunFile, address: string, since: number): Promise<string> {
  const deadline = Date.now() + EMAIL_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const mails = await listEmails(run, address);
    for (const { text } of mails.slice(since)) {
      const [, token] = /\?token=([\w.~-]+)/.exec(text) ?? [];
      if (token) return token;
    }
    await Bun.sleep(100);
  }
  throw new Error(`Timed out waiting for the email to ${address}`);
}
