import { readFileSync } from 'node:fs';
import type { Id } from '@insightdesk/shared/contract';

/** The run file of a running stack. */
export interface Stack {
  url: string;
  ca: string;
  valkey: string;
  postgres: string;
  services: { name: string; kind: string; pid: number; url: string }[];
}

/** Reads the run file again, because a restarted service has another pid. */
export const readStack = (): Stack =>
  JSON.parse(readFileSync(process.env.INSIGHTDESK_RUN ?? '.data/run.json', 'utf8'));

export function serviceOf(kind: string, stack = readStack()) {
  const service = stack.services.find((service) => service.kind === kind);
  if (!service) throw new Error(`No ${kind} service is running`);
  return service;
}

/** Sends a request to an API directly. Throws if the response is not 2xx. */
export async function requestJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(new URL(path, serviceOf('api').url), init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

export const json = { 'Content-Type': 'application/json' };

export const post = <T>(path: string, body: object, headers: Record<string, string> = {}) =>
  requestJson<T>(path, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  });

/** The owner of a new organization. */
export interface Account {
  organization: { id: Id<'org'> };
  user: { id: Id<'usr'>; email: string };
  accessToken: string;
}

export const password = 'correct horse battery';

export const register = (): Promise<Account> =>
  post('/v1/auth/register', {
    email: `bench-${crypto.randomUUID()}@example.com`,
    password,
    name: 'Bench',
    organizationName: 'Bench',
  });
