import type { TracingOptions } from './open-tracing.ts';

/** Where a collector takes spans. */
export const tracesUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, '')}/v1/traces`;

/** Sends no span at all to the collector; throws what is in the way. */
export async function pingCollector(
  { endpoint, otlpHeaders }: Pick<TracingOptions, 'endpoint' | 'otlpHeaders'>,
  timeoutMs: number,
): Promise<void> {
  const response = await fetch(tracesUrl(endpoint), {
    method: 'POST',
    body: JSON.stringify({ resourceSpans: [] }),
    headers: { ...otlpHeaders, 'Content-Type': 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answers ${response.status}`);
}
