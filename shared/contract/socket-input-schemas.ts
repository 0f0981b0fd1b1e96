import { z } from 'zod';
import { Events } from './events.ts';
import type { SocketInputs, SocketRequest } from './socket-inputs.ts';

const utf8 = new TextEncoder();
const channel = z.string().min(1).max(200);
const hasBothOrNone = ({ epoch, offset }: { epoch?: unknown; offset?: unknown }) =>
  (epoch === undefined) === (offset === undefined);

/** First words of the names that the server uses: clients cannot imitate its events and signals. */
const reservedWords: ReadonlySet<string | undefined> = new Set([
  ...Object.values(Events).map((name) => name.split('.')[0]),
  'job',
  'suggestion',
  'system',
]);

const MAX_SIGNAL_BYTES = 4_096;
const MAX_METADATA_BYTES = 1_024;

/** Schemas of the requests that clients may emit, by name. */
export const socketInputs = {
  subscribe: z
    .strictObject({
      channel,
      epoch: z.string().min(1).max(64).optional(),
      offset: z.int().nonnegative().optional(),
    })
    .refine(hasBothOrNone, { error: 'epoch and offset must be given together', path: ['offset'] }),
  unsubscribe: z.strictObject({ channel }),
  publish: z.strictObject({
    channel,
    type: z
      .string()
      .regex(/^[a-z][a-z.-]{0,40}$/, { error: 'must be lower-case words with dots or dashes' })
      .refine((type) => !type.includes('.') || !reservedWords.has(type.split('.')[0]), {
        error: 'is reserved for events and signals of the server',
      }),
    data: z.unknown().refine((value) => sizeBytes(value) <= MAX_SIGNAL_BYTES, {
      error: `must be at most ${MAX_SIGNAL_BYTES} bytes of JSON`,
    }),
  }),
  presence: z.strictObject({ channel }),
  'presence:set': z.strictObject({
    status: z
      .string()
      .regex(/^[a-z][a-z-]{0,31}$/, { error: 'must be one lower-case word, dashes allowed' })
      .refine((status) => status !== 'offline', { error: 'cannot be offline' }),
    metadata: z
      .record(z.string(), z.json())
      .refine((value) => sizeBytes(value) <= MAX_METADATA_BYTES, {
        error: `must be at most ${MAX_METADATA_BYTES} bytes of JSON`,
      })
      .nullish(),
  }),
  authenticate: z.strictObject({ token: z.string().min(1).max(8_192) }),
} satisfies { [N in SocketRequest]: z.ZodType<SocketInputs[N]> };

/** The validated payload of a request. */
export type SocketInput<N extends SocketRequest> = z.output<(typeof socketInputs)[N]>;

function sizeBytes(value: unknown): number {
  try {
    return utf8.encode(JSON.stringify(value) ?? '').byteLength;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
