import type { Duplex } from 'node:stream';
import pg from 'pg';
import { RowParser } from './row-parser.ts';
import type { Target } from './target.ts';

/** Responses to statements: pg handles them for its own queries until a session takes over. */
const responses = [
  'parseComplete',
  'rowDescription',
  'dataRow',
  'commandComplete',
  'emptyQuery',
  'errorMessage',
  'readyForQuery',
];
const TCP_KEEPALIVE_MS = 60_000;

/** An authenticated session whose messages the caller sends and reads. */
export interface Session {
  /** Emits an event per server message, by pg-protocol's names. */
  messages: pg.Connection;
  /** Calls the listener once, when the connection is closed for any reason. */
  onClosed(listener: () => void): void;
  /** Closes the connection. */
  end(): void;
}

/** pg's connection with the faster row parser. */
class Messages extends pg.Connection {
  attachListeners(stream: Duplex): void {
    const parser = new RowParser();
    stream.on('data', (bytes: Buffer) => {
      parser.parse(bytes, (message) => {
        this.emit(message.name === 'error' ? 'errorMessage' : message.name, message);
      });
    });
  }
}

/** Connects and authenticates with pg, TLS included. */
export async function openSession(target: Target, timeoutMs: number): Promise<Session> {
  if (target.tls !== 'prefer') return open(target, target.tls, timeoutMs);
  return open(target, 'require', timeoutMs).catch((error) => {
    if (!/does not support SSL/.test(String(error))) throw error;
    return open(target, false, timeoutMs);
  });
}

async function open(target: Target, tls: Target['tls'], timeoutMs: number): Promise<Session> {
  const { host, port, user, password, database, settings } = target;
  const ssl = tls && { rejectUnauthorized: tls === 'verify' };
  const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: TCP_KEEPALIVE_MS };
  const messages = new Messages({ ssl, ...keepAlive });
  const address = { host, port, user, password, database, ssl };
  const options = { ...settings, connectionTimeoutMillis: timeoutMs, connection: messages };
  const client = new pg.Client({ ...address, ...options });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    messages.stream.destroy();
    throw error;
  }
  for (const response of responses) messages.removeAllListeners(response);
  return {
    messages,
    onClosed: (listener) => void client.once('end', listener),
    end: () => void client.end().catch(() => {}),
  };
}
