import { z } from 'zod';
import type { ClientAnswer, PresenceChange, ServerEvents, SignalData } from './socket-outputs.ts';

type Messages = { [N in keyof ServerEvents]: Parameters<ServerEvents[N]>[0] };

/** What the server emits: each name and the shape of what it says. */
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
    id: z.string().describe('The same however often it is asked'),
    name: z.string(),
    payload: z.unknown(),
  }),
  expiring: z.object({ expiresAt: z.iso.datetime() }),
  closing: z.object({
    code: z.enum(['TOKEN_EXPIRED', 'SESSION_ENDED', 'ACCESS_CHANGED', 'RESYNC', 'TOO_SLOW']),
    detail: z.string(),
  }),
} satisfies { [N in keyof Messages]: z.ZodType<Messages[N]> };

/** The signals that have a meaning of their own, and their data. */
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

/** The data of `presence.changed`, the one event that is told but never recorded. */
export const presenceChange = z.object({
  userId: z.string(),
  status: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  connections: z.int(),
  change: z.enum(['joined', 'changed', 'left']),
  lastSeenAt: z.iso.datetime(),
}) satisfies z.ZodType<PresenceChange>;

/** What a device acknowledges a request with. */
export const clientAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
      detail: z.string().max(500),
    }),
  }),
]) satisfies z.ZodType<ClientAnswer>;
