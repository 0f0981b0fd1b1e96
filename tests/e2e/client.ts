import { readFileSync } from 'node:fs';
import { io, type Socket } from 'socket.io-client';
import { until } from '../../shared/testing/until.ts';

/** The run file of a running stack. */
export interface RunFile {
  url: string;
  ca: string;
  inbox: string;
  postgres: string;
  valkey: string;
  services: { name: string; kind: string; pid?: number; url: string }[];
}

/** Reads the run file again, because a restarted service has another pid. */
export const loadRun = (): RunFile =>
  JSON.parse(readFileSync(process.env.INSIGHTDESK_RUN ?? '.data/run.json', 'utf8'));

export const run = loadRun();

/** Whether all services have a pid that a test can signal. */
export const canKillServices = run.services.every(({ pid }) => pid !== undefined);

/** Whether the run file is that of a local stack: current, and with the addresses of PostgreSQL and Valkey. */
export const isLocalStack = canKillServices && Boolean(run.valkey && run.postgres);

/** Options with which socket.io-client trusts the certificate of the stack. */
export const tlsOptions = { ca: readFileSync(run.ca, 'utf8') } as object;

/** Makes this module use the stack of another run file. Returns a function that restores it. */
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

export interface ApiResponse<T = Record<string, never>> {
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

/** Sends a request through nginx. `raw` is a body that is not converted to JSON. */
export async function call<T = any>(
  method: string,
  path: string,
  { token, body, raw, headers = {}, timeoutMs = 20_000 }: CallOptions = {},
): Promise<ApiResponse<T>> {
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

export interface TestUser {
  id: string;
  email: string;
  organizationId: string;
  token: string;
  refreshToken: string;
}

const unique = () => Math.random().toString(36).slice(2, 10);
export const password = 'correct horse battery';

function toPerson({ body }: ApiResponse<any>): TestUser {
  return {
    id: body.user.id,
    email: body.user.email,
    organizationId: body.organization.id,
    token: body.accessToken,
    refreshToken: body.refreshToken,
  };
}

/** Registers a user with a new organization. */
export async function registerOwner(name = 'Olivia Owner'): Promise<TestUser> {
  const email = `owner-${unique()}@example.com`;
  const response = await call('POST', '/v1/auth/register', {
    body: { email, password, name, organizationName: `Acme ${unique()}` },
  });
  if (response.status !== 201) throw new Error(`register: ${JSON.stringify(response)}`);
  return toPerson(response);
}

/** The token in the newest email to an address with this subject. */
export async function findEmailedToken(address: string, subject: string): Promise<string> {
  const mail = await until(
    async () => {
      const mails = await listEmails(address);
      return mails.findLast((email) => email.subject.includes(subject));
    },
    { timeoutMs: 20_000 },
  );
  const token = /\?token=([\w.~-]+)/.exec(mail.text)?.[1];
  if (!token) throw new Error(`The email contains no link: ${mail.text}`);
  return token;
}

const verified = new Map<string, Promise<void>>();

/** Verifies the email address of a user, once. Required for invitations. */
export function verifyEmail({ email }: TestUser): Promise<void> {
  const before = verified.get(email);
  if (before) return before;
  const done = (async () => {
    const token = await findEmailedToken(email, 'Confirm your e-mail address');
    const response = await call('POST', '/v1/auth/verify-email', { body: { token, password } });
    if (response.status !== 200) throw new Error(`verify: ${JSON.stringify(response)}`);
  })();
  verified.set(email, done);
  return done;
}

/** Invites a user and accepts the invitation with the link of its email. */
export async function inviteMember(owner: TestUser, role: string, name: string): Promise<TestUser> {
  await verifyEmail(owner);
  const email = `${role}-${unique()}@example.com`;
  const invitation = await call('POST', '/v1/invitations', {
    token: owner.token,
    body: { email, role },
  });
  if (invitation.status !== 201) throw new Error(`invite: ${JSON.stringify(invitation)}`);
  const token = await findEmailedToken(email, 'You are invited');
  const response = await call('POST', '/v1/invitations/accept', {
    body: { token, name, password },
  });
  if (response.status !== 200) throw new Error(`accept: ${JSON.stringify(response)}`);
  return toPerson(response);
}

/** Lets emails about messages be sent at once instead of after the delay. */
export async function sendEmailsAtOnce(...users: TestUser[]): Promise<void> {
  for (const { token } of users) {
    const body = { notifications: { delayMinutes: 0 } };
    const { status } = await call('PATCH', '/v1/me/preferences', { token, body });
    if (status !== 200) throw new Error(`PATCH /v1/me/preferences: ${status}`);
  }
}

/** An organization with an owner, two agents, one of whom never connects, and a customer. */
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

/** The emails to an address in the dev inbox. */
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
 * Subscribes to a channel. `onAccepted` runs inside the acknowledgement: after an await, events of the same packet
 * would be handled before the missed ones.
 */
export function subscribeOn(
  socket: Socket,
  input: { channel: string; epoch?: string; offset?: number },
  onAccepted: (subscription: Subscription) => void,
): Promise<Subscription | undefined> {
  return new Promise((resolve) => {
    const acknowledge = (error: Error | null, subscription?: Subscription) => {
      if (!error && subscription?.ok) onAccepted(subscription);
      resolve(error ? undefined : subscription);
    };
    socket.timeout(20_000).emit('subscribe', input, acknowledge);
  });
}

/** A socket that stores all received events. Uses Socket.IO only, not our client. */
export interface Listener {
  socket: Socket;
  /** The number of the connected replica: `1` or `2`. */
  replica(): string;
  events: DurableEvent[];
  subscribe(channel: string, position?: { epoch: string; offset: number }): Promise<Subscription>;
  close(): void;
}

/** Connects through nginx; with `replica` it reconnects until it reaches that one. */
export async function listen(
  token: string,
  options: { replica?: string; transports?: string[]; reconnection?: boolean } = {},
): Promise<Listener> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const listener = await connectOnce(token, options);
    if (!options.replica || listener.replica() === options.replica) return listener;
    listener.close();
  }
  throw new Error(`Could not connect to replica ${options.replica}`);
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

/** A JPEG like a photograph, about a megapixel, with EXIF. */
export async function createPhoto(): Promise<Blob> {
  const { default: sharp } = await import(
    Bun.resolveSync('sharp', `${import.meta.dir}/../../shared`)
  );
  const [width, height] = [1600, 1066];
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = 128 + 100 * Math.sin(i / 5000) + Math.random() * 20;
  }
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .withExif({ IFD0: { Artist: 'Unknown' } })
    .jpeg({ quality: 85 })
    .toBuffer();
  return new Blob([jpeg], { type: 'image/jpeg' });
}

/** Uploads a file as a multipart form. */
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

/** Waits until a worker has processed an attachment, and returns it. */
export const untilProcessed = <T = any>(token: string, id: string, timeoutMs = 120_000) =>
  until(
    async () => {
      const { body } = await call('GET', `/v1/attachments/${id}`, { token });
      return ['ready', 'rejected'].includes(body.status) && (body as T);
    },
    { timeoutMs },
  );
