import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { createReader, errorFields, Reply } from './messages.ts';
import { ServerError } from './server-error.ts';
import type { Target } from './target.ts';

const PROTOCOL = 196_608;
const SSL_REQUEST = 80_877_103;
const KEEP_ALIVE_MS = 60_000;

/** Connects and signs in; the socket is ready for queries, nobody listens to it yet. */
export async function login(target: Target, timeoutMs: number): Promise<Socket> {
  const opening: { socket?: Socket } = {};
  const late = setTimeout(() => {
    opening.socket?.destroy(failure('CONNECT_TIMEOUT', 'PostgreSQL did not answer in time'));
  }, timeoutMs);
  try {
    opening.socket = open(target);
    if (target.tls) opening.socket = await encrypt(opening.socket, target);
    await signIn(opening.socket, target);
    return opening.socket;
  } catch (error) {
    opening.socket?.destroy();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function open({ host, port }: Target): Socket {
  const socket = host.startsWith('/')
    ? connect(`${host}/.s.PGSQL.${port}`)
    : connect({ host, port });
  // Whoever waits is told by other means; a late one must not end the process.
  return socket
    .setNoDelay(true)
    .setKeepAlive(true, KEEP_ALIVE_MS)
    .on('error', () => {});
}

/** `prefer` goes on in the clear when the server has no TLS; `verify` wants a known authority. */
async function encrypt(socket: Socket, { tls, host }: Target): Promise<Socket> {
  const request = Buffer.alloc(8);
  request.writeInt32BE(8);
  request.writeInt32BE(SSL_REQUEST, 4);
  socket.write(request);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (answer.toString('latin1') !== 'S') {
    if (tls === 'prefer') return socket;
    throw failure('ECONNREFUSED', 'PostgreSQL offers no TLS');
  }
  const secured = secure({ socket, servername: host, rejectUnauthorized: tls === 'verify' });
  secured.on('error', () => {});
  await once(secured, 'secureConnect');
  return secured;
}

function signIn(socket: Socket, { user, password, database, settings }: Target): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const answer = createAnswers(user, password);
  const read = createReader((type, bytes, start, end) => {
    if (type === Reply.error) reject(new ServerError(errorFields(bytes, start, end)));
    else if (type === Reply.ready) resolve();
    else if (type === Reply.authentication) {
      const text = answer(bytes.readInt32BE(start), bytes.subarray(start + 4, end));
      if (text) socket.write(message('p', text));
    }
  });
  const receive = (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (error) {
      reject(error);
    }
  };
  const ended = () => reject(failure('CONNECTION_CLOSED', 'PostgreSQL closed the connection'));
  socket.on('data', receive).on('error', reject).on('close', ended);
  const words = { user, database, client_encoding: 'UTF8', ...settings };
  const body = Object.entries(words).flatMap(([name, value]) => [name, String(value)]);
  const version = Buffer.alloc(4);
  version.writeInt32BE(PROTOCOL);
  socket.write(message('', Buffer.concat([version, Buffer.from(`${body.join('\0')}\0\0`)])));
  return promise.finally(() => {
    socket.off('data', receive).off('error', reject).off('close', ended);
  });
}

/** What to say to each kind of authentication request; undefined for no answer. */
function createAnswers(user: string, password: string) {
  let scram: ReturnType<typeof startScram> | undefined;
  const answers: Record<number, (bytes: Buffer) => Buffer | undefined> = {
    0: () => undefined,
    3: () => Buffer.from(`${password}\0`),
    5: (salt) => Buffer.from(`md5${md5(md5(password + user), salt)}\0`),
    10: () => {
      scram = startScram(password);
      return scram.first;
    },
    11: (bytes) => scram?.answer(bytes.toString()),
    12: (bytes) => scram?.verify(bytes.toString()),
  };
  return (kind: number, bytes: Buffer) => {
    const answer = answers[kind];
    if (!answer) throw failure('AUTH_TYPE_NOT_IMPLEMENTED', `No authentication of type ${kind}`);
    return answer(bytes);
  };
}

/** SCRAM-SHA-256 (RFC 7677) without channel binding. */
function startScram(password: string) {
  const nonce = randomBytes(18).toString('base64');
  const opening = `n=*,r=${nonce}`;
  const hello = Buffer.from(`n,,${opening}`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(hello.length);
  let signature = Buffer.alloc(0);
  return {
    first: Buffer.concat([Buffer.from('SCRAM-SHA-256\0'), length, hello]),
    answer(challenge: string): Buffer {
      const { r = '', s = '', i = '' } = attributes(challenge);
      if (!r.startsWith(nonce)) throw failure('SASL_SIGNATURE_MISMATCH', 'Not our exchange');
      const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), Number(i), 32, 'sha256');
      const clientKey = hmac(salted, 'Client Key');
      const exchange = `${opening},${challenge},c=biws,r=${r}`;
      const own = hmac(createHash('sha256').update(clientKey).digest(), exchange);
      signature = hmac(hmac(salted, 'Server Key'), exchange);
      const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (own[at] as number)));
      return Buffer.from(`c=biws,r=${r},p=${proof.toString('base64')}`);
    },
    verify(outcome: string): undefined {
      const claimed = Buffer.from(attributes(outcome).v ?? '', 'base64');
      if (claimed.length !== signature.length || !timingSafeEqual(claimed, signature)) {
        throw failure('SASL_SIGNATURE_MISMATCH', 'The server does not know the password');
      }
    },
  };
}

const attributes = (text: string): Record<string, string> =>
  Object.fromEntries(text.split(',').map((part) => [part.charAt(0), part.slice(2)]));

const hmac = (key: Buffer, text: string): Buffer<ArrayBuffer> =>
  createHmac('sha256', key).update(text).digest() as Buffer<ArrayBuffer>;

const md5 = (text: string, salt: Uint8Array = new Uint8Array()) =>
  createHash('md5').update(text).update(salt).digest('hex');

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const failure = (code: string, text: string) => Object.assign(new Error(text), { code });
