import { z } from 'zod';
import type { ClientResponse, PresenceChange, ServerEvents, SignalData } from './socket-outputs.ts';

type Messages = { [N in keyof ServerEvents]: Parameters<ServerEvents[N]>[0] };

/** Schemas of the messages that the server emits, by name. */
export const serverEvents = {
  event: z.object({
    id: z.string(),
    channel: z.string(),
    epoch: z.string(),
    offset: z.int().describe('Rises within an epoch'),
    type: z.string(),
    data: z.unknown(),
    at: z.iso.datetime(),
  }),
  signal: z.object({
    channel: z.string(),
    type: z.string(),
    data: z.unknown(),
    from: z.string().describe("A user's id, or `system`"),
  }),
  drain: z.object({ reconnectInMs: z.int() }),
  request: z.object({
    id: z.string().describe('The same when the request is repeated'),
    name: z.string(),
    payload: z.unknown(),
  }),
  expiring: z.object({ expiresAt: z.iso.datetime() }),
  closing: z.object({
    code: z.enum([
      'TOKEN_EXPIRED',
      'SESSION_ENDED',
      'ACCESS_CHANGED',
      'RESYNC',
      'TOO_SLOW',
      'TOO_MANY_REQUESTS',
    ]),
    detail: z.string(),
  }),
} satisfies { [N in keyof Messages]: z.ZodType<Messages[N]> };

/** Schemas of the predefined signals, by type. */
export const signals = {
  'job.updated': z.object({
    id: z.string(),
    name: z.string(),
    queue: z.string(),
    state: z.enum(['active', 'progress', 'completed', 'failed']),
    attempt: z.int(),
    percent: z.number().optional(),
  }),
  'recording.progress': z.object({ attachmentId: z.string(), percent: z.int() }),
  typing: z.object({ on: z.boolean() }),
} satisfies { [T in keyof SignalData]: z.ZodType<SignalData[T]> };

/** The data of `presence.changed`, the only event that is published but not recorded. */
export const presenceChange = z.object({
  userId: z.string(),
  status: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  connections: z.int(),
  change: z.enum(['joined', 'changed', 'left']),
  lastSeenAt: z.iso.datetime(),
}) satisfies z.ZodType<PresenceChange>;

/** The acknowledgement of a request by a client. */
export const clientResponse = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
      detail: z.string().max(500),
    }),
  }),
]) satisfies z.ZodType<ClientResponse>;
