import { readFileSync } from 'node:fs';
import type { Id } from '@insightdesk/shared/contract';

/** The running stack, as its run file describes it. */
export interface Stack {
  url: string;
  ca: string;
  valkey: string;
  postgres: string;
  services: { name: string; kind: string; pid: number; url: string }[];
}

/** As it is now: a restarted service has another pid. */
export const readStack = (): Stack =>
  JSON.parse(readFileSync(process.env.INSIGHTDESK_RUN ?? '.data/run.json', 'utf8'));

export function serviceOf(kind: string, stack = readStack()) {
  const service = stack.services.find((one) => one.kind === kind);
  if (!service) throw new Error(`No ${kind} service is running`);
  return service;
}

/** Asks an API directly; throws when it refuses. */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(new URL(path, serviceOf('api').url), init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

export const json = { 'Content-Type': 'application/json' };

export const post = <T>(path: string, body: object, headers: Record<string, string> = {}) =>
  ask<T>(path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });

/** An organisation and its owner. */
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
