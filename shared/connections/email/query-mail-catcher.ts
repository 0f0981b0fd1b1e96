import { NetworkError } from '@insightdesk/shared/errors';

/** Asks a maildev-compatible mail catcher whether it has an email with this Message-ID. */
export async function isInMailCatcher(
  baseUrl: string,
  messageId: string,
  timeoutMs: number,
): Promise<boolean> {
  const url = new URL(`${baseUrl.replace(/\/$/, '')}/email`);
  url.searchParams.set('messageId', messageId.replace(/^<|>$/g, ''));
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`The mail catcher responded with ${response.status}`);
    const found: unknown = await response.json();
    if (!Array.isArray(found)) throw new Error('The mail catcher did not respond with a list');
    return found.length > 0;
  } catch (cause) {
    throw new NetworkError('The mail catcher cannot be reached', { cause });
  }
}
