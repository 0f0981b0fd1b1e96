/** Payloads of the requests that clients may emit, by name. */
export interface SocketInputs {
  /** `epoch` and `offset` of the last known position, both or none. */
  subscribe: { channel: string; epoch?: string | undefined; offset?: number | undefined };
  unsubscribe: { channel: string };
  /**
   * Sends to all others in the channel; `type` has lower-case words and does not begin like a name of
   * the server (`job.`, `message.`), `data` has at most 4 KiB of JSON.
   */
  publish: { channel: string; type: string; data?: unknown };
  presence: { channel: string };
  /** `status` is one lower-case word, `metadata` at most 1 KiB of JSON. */
  'presence:set': { status: string; metadata?: Record<string, unknown> | null | undefined };
  authenticate: { token: string };
}

/** Names of the requests that clients may emit. */
export type SocketRequest = keyof SocketInputs;
