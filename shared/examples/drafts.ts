import type { Parts } from '@insightdesk/shared/boot';

const TTL_SECONDS = 3_600;

/**
 * What somebody has typed and not sent: kept for an hour on the Valkey for sessions
 * (`VALKEY_SESSION_URL`), which may forget it.
 */
export function openDrafts({ connectValkey }: Pick<Parts, 'connectValkey'>) {
  const valkey = connectValkey('session', 'command', 'drafts');
  const keyOf = (sessionId: string) => `drafts:${sessionId}`;
  return {
    keep: (sessionId: string, text: string) =>
      valkey.set(keyOf(sessionId), text, 'EX', TTL_SECONDS),
    find: async (sessionId: string) => (await valkey.get(keyOf(sessionId))) ?? undefined,
    close: () => valkey.disconnect(),
  };
}
