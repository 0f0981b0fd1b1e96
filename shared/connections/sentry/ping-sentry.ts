/**
 * Sends an empty report of what a client left out, which trackers take and do not show; throws what is
 * in the way (https://develop.sentry.dev/sdk/telemetry/client-reports/).
 */
export async function pingSentry(dsn: string, timeoutMs: number): Promise<void> {
  const sentry = await import('@sentry/core');
  const parts = sentry.makeDsn(dsn);
  if (!parts) throw new Error('SENTRY_DSN is none');
  const response = await fetch(sentry.getEnvelopeEndpointWithUrlEncodedAuth(parts), {
    method: 'POST',
    body: sentry.serializeEnvelope(sentry.createClientReportEnvelope([])) as string,
    headers: { 'Content-Type': 'application/x-sentry-envelope' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answers ${response.status}`);
}
