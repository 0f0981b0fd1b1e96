/** What clients may emit: each request's name and its payload. */
export interface SocketInputs {
  /** With the position to go on from, both parts or none. */
  subscribe: { channel: string; epoch?: string | undefined; offset?: number | undefined };
  unsubscribe: { channel: string };
  /** To everyone else in the channel; `type` is of lower-case words, `data` at most 4 KiB of JSON. */
  publish: { channel: string; type: string; data?: unknown };
  presence: { channel: string };
  /** One lower-case word, and at most 1 KiB of JSON. */
  'presence:set': { status: string; metadata?: Record<string, unknown> | null | undefined };
  authenticate: { token: string };
}

/** Names of what clients may emit. */
export type SocketRequest = keyof SocketInputs;
