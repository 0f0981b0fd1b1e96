import { NetworkError } from '@insightdesk/shared/errors';

/** Asks an inbox with the interface of maildev for one Message-ID; it answers with that mail only. */
export async function isInMailCatcher(
  baseUrl: string,
  messageId: string,
  timeoutMs: number,
): Promise<boolean> {
  const url = new URL(`${baseUrl.replace(/\/$/, '')}/email`);
  url.searchParams.set('messageId', messageId.replace(/^<|>$/g, ''));
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`It answered ${response.status}`);
    const found: unknown = await response.json();
    if (!Array.isArray(found)) throw new Error('It did not answer with a list');
    return found.length > 0;
  } catch (cause) {
    throw new NetworkError('The inbox cannot be asked', { cause });
  }
}
