import { readFileSync } from 'node:fs';
import { io, type Socket } from 'socket.io-client';
import { until } from '../../shared/testing/until.ts';

/** The running stack, as its run file describes it. */
export interface RunFile {
  url: string;
  ca: string;
  inbox: string;
  postgres: string;
  valkey: string;
  services: { name: string; kind: string; pid?: number; url: string }[];
}

/** Reads the run file anew, because a restarted service has another pid. */
export const loadRun = (): RunFile =>
  JSON.parse(readFileSync(process.env.INSIGHTDESK_RUN ?? '.data/run.json', 'utf8'));

export const run = loadRun();

/** Every service has a pid that a test can signal. */
export const isKillable = run.services.every(({ pid }) => pid !== undefined);

/** The run file is kept current and names the servers, as the local stack's does. */
export const isLocalStack = isKillable && Boolean(run.valkey && run.postgres);

/** What socket.io-client needs to trust the stack's certificate. */
export const tlsOptions = { ca: readFileSync(run.ca, 'utf8') } as object;

/** From now on everything here speaks to the stack of this run file; gives the way back. */
export function useRunFile(runFile: string): () => void {
  const before = process.env.INSIGHTDESK_RUN;
  const use = (path: string | undefined) => {
    if (path) process.env.INSIGHTDESK_RUN = path;
    else delete process.env.INSIGHTDESK_RUN;
    Object.assign(run, loadRun());
    Object.assign(tlsOptions, { ca: readFileSync(run.ca, 'utf8') });
  };
  use(runFile);
  return () => use(before);
}

export interface Answer<T = Record<string, never>> {
  status: number;
  body: T;
  headers: Headers;
}

interface CallOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  raw?: RequestInit['body'];
  timeoutMs?: number;
}

/** One call through nginx; `raw` sends a body as it is. */
export async function call<T = any>(
  method: string,
  path: string,
  { token, body, raw, headers = {}, timeoutMs = 20_000 }: CallOptions = {},
): Promise<Answer<T>> {
  const response = await fetch(path.startsWith('http') ? path : `${run.url}${path}`, {
    method,
    tls: tlsOptions,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  } as RequestInit);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    body: isJson && text ? JSON.parse(text) : text,
    headers: response.headers,
  };
}

/** Calls as a browser that keeps the cookies it is given, and sends them with everything. */
export function createCookieJar() {
  const cookies: Record<string, string> = {};
  const header = () =>
    Object.entries(cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
  return {
    cookies,
    header,
    async call<T = any>(method: string, path: string, options: CallOptions = {}) {
      const headers = { Cookie: header(), ...options.headers };
      const answer = await call<T>(method, path, { ...options, headers });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (/; Max-Age=0/.test(cookie)) delete cookies[name];
        else cookies[name] = value;
      }
      return answer;
    },
  };
}

export interface Person {
  id: string;
  email: string;
  organizationId: string;
  token: string;
  refreshToken: string;
}

const unique = () => Math.random().toString(36).slice(2, 10);
export const password = 'correct horse battery';

function toPerson({ body }: Answer<any>): Person {
  return {
    id: body.user.id,
    email: body.user.email,
    organizationId: body.organization.id,
    token: body.accessToken,
    refreshToken: body.refreshToken,
  };
}

/** Registers the owner of a fresh organization. */
export async function registerOwner(name = 'Olivia Owner'): Promise<Person> {
  const email = `owner-${unique()}@example.com`;
  const answer = await call('POST', '/v1/auth/register', {
    body: { email, password, name, organizationName: `Acme ${unique()}` },
  });
  if (answer.status !== 201) throw new Error(`register: ${JSON.stringify(answer)}`);
  return toPerson(answer);
}

/** The token of the newest link that was mailed to an address under this subject. */
export async function findEmailedToken(address: string, subject: string): Promise<string> {
  const mail = await until(
    async () => {
      const mails = await listEmails(address);
      return mails.findLast((one) => one.subject.includes(subject));
    },
    { timeoutMs: 20_000 },
  );
  const token = /\?token=([\w.~-]+)/.exec(mail.text)?.[1];
  if (!token) throw new Error(`No link in ${mail.text}`);
  return token;
}

const verified = new Map<string, Promise<void>>();

/** Follows the link that shows whose the address is, once; only then somebody may invite. */
export function verifyEmail({ email }: Person): Promise<void> {
  const before = verified.get(email);
  if (before) return before;
  const done = (async () => {
    const token = await findEmailedToken(email, 'Confirm your e-mail address');
    const answer = await call('POST', '/v1/auth/verify-email', { body: { token, password } });
    if (answer.status !== 200) throw new Error(`verify: ${JSON.stringify(answer)}`);
  })();
  verified.set(email, done);
  return done;
}

/** Invites somebody, takes the link from the inbox and accepts. */
export async function inviteMember(owner: Person, role: string, name: string): Promise<Person> {
  await verifyEmail(owner);
  const email = `${role}-${unique()}@example.com`;
  const invitation = await call('POST', '/v1/invitations', {
    token: owner.token,
    body: { email, role },
  });
  if (invitation.status !== 201) throw new Error(`invite: ${JSON.stringify(invitation)}`);
  const mail = await until(async () => (await listEmails(email))[0], { timeoutMs: 20_000 });
  const token = /\?token=([\w.~-]+)/.exec(mail.text)?.[1];
  const answer = await call('POST', '/v1/invitations/accept', { body: { token, name, password } });
  if (answer.status !== 200) throw new Error(`accept: ${JSON.stringify(answer)}`);
  return toPerson(answer);
}

/** An organization with two agents, of whom one never connects, and a customer. */
export async function createOrganization() {
  const owner = await registerOwner();
  const [agent, absent, customer] = await Promise.all([
    inviteMember(owner, 'agent', 'Ada Agent'),
    inviteMember(owner, 'agent', 'Abe Absent'),
    inviteMember(owner, 'customer', 'Carla Customer'),
  ]);
  return { owner, agent, absent, customer };
}

export interface Email {
  subject: string;
  text: string;
  html: string;
  messageId: string;
  to: { address: string }[];
}

/** What has arrived at an address in the dev inbox. */
export async function listEmails(address: string): Promise<Email[]> {
  const response = await fetch(`${run.inbox}/email`, { signal: AbortSignal.timeout(20_000) });
  const all = (await response.json()) as Email[];
  return all.filter(({ to }) => to.some((recipient) => recipient.address === address));
}

export interface DurableEvent {
  id: string;
  channel: string;
  epoch: string;
  offset: number;
  type: string;
  data: any;
  at: string;
}

export interface Subscription {
  ok: boolean;
  epoch: string;
  offset: number;
  recovered: boolean;
  events: DurableEvent[];
  error?: { status: number; code: string };
}

/**
 * Subscribes; `onAccepted` runs within the acknowledgement itself. Awaiting it instead would let
 * live events that came in the same packet overtake the missed ones.
 */
export function subscribeOn(
  socket: Socket,
  wanted: { channel: string; epoch?: string; offset?: number },
  onAccepted: (answer: Subscription) => void,
): Promise<Subscription | undefined> {
  return new Promise((resolve) => {
    const acknowledge = (error: Error | null, answer?: Subscription) => {
      if (!error && answer?.ok) onAccepted(answer);
      resolve(error ? undefined : answer);
    };
    socket.timeout(20_000).emit('subscribe', wanted, acknowledge);
  });
}

/** A socket of a person that keeps what it receives, written from contract.md alone. */
export interface Listener {
  socket: Socket;
  /** `1` or `2`: the replica it is connected to. */
  replica(): string;
  events: DurableEvent[];
  subscribe(channel: string, position?: { epoch: string; offset: number }): Promise<Subscription>;
  close(): void;
}

/** Connects through nginx; with `replica` it tries until it sits on that one. */
export async function listen(
  token: string,
  options: { replica?: string; transports?: string[]; reconnection?: boolean } = {},
): Promise<Listener> {
  for (let tries = 0; tries < 40; tries++) {
    const listener = await connectOnce(token, options);
    if (!options.replica || listener.replica() === options.replica) return listener;
    listener.close();
  }
  throw new Error(`Never reached replica ${options.replica}`);
}

async function connectOnce(
  token: string,
  { transports = ['websocket'], reconnection = false }: Parameters<typeof listen>[1] & {},
): Promise<Listener> {
  const socket = io(run.url, {
    transports,
    reconnection,
    forceNew: true,
    auth: { token },
    ...tlsOptions,
  });
  const events: DurableEvent[] = [];
  socket.on('event', (event: DurableEvent) => events.push(event));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    if (!reconnection) socket.once('connect_error', reject);
  });
  return {
    socket,
    events,
    replica: () => socket.io.engine.id?.split('.')[0] ?? '',
    subscribe: (channel, position) =>
      socket.timeout(10_000).emitWithAck('subscribe', { channel, ...position }),
    close: () => socket.disconnect(),
  };
}

/** A real photograph-like JPEG of about a megapixel, with EXIF. */
export async function createPhoto(): Promise<Blob> {
  const { default: sharp } = await import(
    Bun.resolveSync('sharp', `${import.meta.dir}/../../shared`)
  );
  const [width, height] = [1600, 1066];
  const noise = Buffer.alloc(width * height * 3);
  for (let i = 0; i < noise.length; i++) {
    noise[i] = 128 + 100 * Math.sin(i / 5000) + Math.random() * 20;
  }
  const jpeg = await sharp(noise, { raw: { width, height, channels: 3 } })
    .withExif({ IFD0: { Artist: 'Nobody' } })
    .jpeg({ quality: 85 })
    .toBuffer();
  return new Blob([jpeg], { type: 'image/jpeg' });
}

/** Uploads a file as the API's multipart form wants it. */
export function upload(token: string, file: Blob, name: string) {
  const form = new FormData();
  form.append('file', file, name);
  return call('POST', '/v1/attachments', { token, raw: form as never, timeoutMs: 60_000 });
}

/** The response with the content of an attachment. */
export const downloadFile = (token: string, id: string): Promise<Response> =>
  fetch(`${run.url}/v1/attachments/${id}/content`, {
    tls: tlsOptions,
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(20_000),
  } as RequestInit);

/** The attachment once a worker has processed it. */
export const untilProcessed = <T = any>(token: string, id: string, timeoutMs = 120_000) =>
  until(
    async () => {
      const { body } = await call('GET', `/v1/attachments/${id}`, { token });
      return ['ready', 'rejected'].includes(body.status) && (body as T);
    },
    { timeoutMs },
  );
