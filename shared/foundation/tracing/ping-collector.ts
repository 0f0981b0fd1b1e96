import type { TracingOptions } from './start-tracing.ts';

/** URL of the spans endpoint of a collector. */
export const tracesUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, '')}/v1/traces`;

/** Sends an empty batch to the collector; throws when it fails. */
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
  if (!response.ok) throw new Error(`The collector responded with ${response.status}`);
}
