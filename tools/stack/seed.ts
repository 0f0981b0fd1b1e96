import { readFileSync } from 'node:fs';
import type { RunFile } from './run-file.ts';

const MAIL_TIMEOUT_MS = 20_000;
const PASSWORD = 'demo-password';

const owner = { email: 'owner@example.com', name: 'Olivia Owner', role: 'owner' };
const invited = [
  { email: 'agent@example.com', name: 'Ada Agent', role: 'agent' },
  { email: 'customer@example.com', name: 'Carla Customer', role: 'customer' },
];

/** Who can sign in to the demo organisation. */
export const demoLogins = [owner, ...invited].map((person) => ({ ...person, password: PASSWORD }));

interface Mail {
  to: { address: string }[];
  text: string;
}

interface Seeded {
  state: 'made' | 'kept';
  organizationId: string;
}

interface SignedIn {
  user: { emailVerified?: boolean };
  accessToken: string;
  organization: { id: string };
}

/** Makes a demo organisation as its people would: over HTTPS, with invitations from the inbox. */
export async function seed(run: RunFile): Promise<Seeded> {
  const call = createCaller(run);
  const signedIn = await Promise.all(demoLogins.map(({ email }) => logIn(call, email)));
  const { accessToken, organization } = signedIn[0] ?? (await register(call));
  await verify(run, call, accessToken);
  if (signedIn.every(Boolean)) return { state: 'kept', organizationId: organization.id };
  for (const [index, person] of invited.entries()) {
    if (signedIn[index + 1]) continue;
    const since = (await mailsTo(run, person.email)).length;
    await call('/v1/invitations', { email: person.email, role: person.role }, accessToken);
    const token = await mailedToken(run, person.email, since);
    const joined = await call('/v1/invitations/accept', {
      token,
      name: person.name,
      password: PASSWORD,
    });
    if (person.role === 'customer') await openConversation(call, joined.accessToken);
  }
  return { state: 'made', organizationId: organization.id };
}

type Call = ReturnType<typeof createCaller>;

function createCaller({ url, ca }: RunFile) {
  const tls = { ca: readFileSync(ca, 'utf8') };
  return async function call(path: string, body: object | undefined, token?: string) {
    const response = await fetch(`${url}${path}`, {
      method: body ? 'POST' : 'GET',
      tls,
      signal: AbortSignal.timeout(MAIL_TIMEOUT_MS),
      headers: {
        'Content-Type': 'application/json',
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new CallError(path, response.status, await response.text());
    return (await response.json()) as SignedIn;
  };
}

class CallError extends Error {
  readonly status: number;
  constructor(path: string, status: number, text: string) {
    super(`${path} answered ${status}: ${text}`);
    this.status = status;
  }
}

async function logIn(call: Call, email: string): Promise<SignedIn | undefined> {
  try {
    return await call('/v1/auth/login', { email, password: PASSWORD });
  } catch (error) {
    if (error instanceof CallError && error.status === 401) return undefined;
    throw error;
  }
}

async function register(call: Call): Promise<SignedIn> {
  const { email, name } = owner;
  const organizationName = 'Demo Organisation';
  const body = { email, name, password: PASSWORD, organizationName };
  return call('/v1/auth/register', body);
}

/** The owner shows that the address is its own: before that nobody may invite. */
async function verify(run: RunFile, call: Call, accessToken: string) {
  if ((await call('/v1/me', undefined, accessToken)).user.emailVerified) return;
  const since = (await mailsTo(run, owner.email)).length;
  await call('/v1/auth/verify-email/resend', {}, accessToken);
  const token = await mailedToken(run, owner.email, since);
  await call('/v1/auth/verify-email', { token, password: PASSWORD });
}

async function openConversation(call: Call, token: string) {
  const body = 'Hello! My parcel should have come on Tuesday. Where is it?';
  await call('/v1/conversations', { subject: 'Where is my parcel?', body }, token);
}

async function mailsTo({ inbox }: RunFile, address: string): Promise<Mail[]> {
  const response = await fetch(`${inbox}/email`, { signal: AbortSignal.timeout(MAIL_TIMEOUT_MS) });
  const mails = (await response.json()) as Mail[];
  return mails.filter(({ to }) => to.some((recipient) => recipient.address === address));
}

async function mailedToken(run: RunFile, address: string, since: number): Promise<string> {
  const deadline = Date.now() + MAIL_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const mails = await mailsTo(run, address);
    for (const { text } of mails.slice(since)) {
      const [, token] = /\?token=([\w.~-]+)/.exec(text) ?? [];
      if (token) return token;
    }
    await Bun.sleep(100);
  }
  throw new Error(`The mail for ${address} did not reach the inbox`);
}
