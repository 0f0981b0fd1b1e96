import type { Duplex } from 'node:stream';
import pg from 'pg';
import { RowParser } from './row-parser.ts';
import type { Target } from './target.ts';

/** What the server says to statements; until we take them over they are for pg's own queries. */
const answers = [
  'parseComplete',
  'rowDescription',
  'dataRow',
  'commandComplete',
  'emptyQuery',
  'errorMessage',
  'readyForQuery',
];
const KEEP_ALIVE_MS = 60_000;

/** A session whose messages are ours to send and to read. */
export interface Session {
  /** Emits one event per message of the server, by pg-protocol's names. */
  messages: pg.Connection;
  /** Calls back once, when the connection is gone for whatever reason. */
  onGone(listener: () => void): void;
  /** Says goodbye. */
  end(): void;
}

/** pg's connection, with our parser of rows. */
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

/** Connects and authenticates by pg, TLS included; statements are left to the caller. */
export async function signIn(target: Target, timeoutMs: number): Promise<Session> {
  if (target.tls !== 'prefer') return open(target, target.tls, timeoutMs);
  return open(target, 'require', timeoutMs).catch((error) => {
    if (!/does not support SSL/.test(String(error))) throw error;
    return open(target, false, timeoutMs);
  });
}

async function open(target: Target, tls: Target['tls'], timeoutMs: number): Promise<Session> {
  const { host, port, user, password, database, settings } = target;
  const ssl = tls && { rejectUnauthorized: tls === 'verify' };
  const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS };
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
  for (const answer of answers) messages.removeAllListeners(answer);
  return {
    messages,
    onGone: (listener) => void client.once('end', listener),
    end: () => void client.end().catch(() => {}),
  };
}
