/**
 * Sends an empty client report, which trackers accept and do not show; throws when it fails
 * (https://develop.sentry.dev/sdk/telemetry/client-reports/).
 */
export async function pingSentry(dsn: string, timeoutMs: number): Promise<void> {
  const sentry = await import('@sentry/core');
  const parts = sentry.makeDsn(dsn);
  if (!parts) throw new Error('SENTRY_DSN is not a valid DSN');
  const response = await fetch(sentry.getEnvelopeEndpointWithUrlEncodedAuth(parts), {
    method: 'POST',
    body: sentry.serializeEnvelope(sentry.createClientReportEnvelope([])) as string,
    headers: { 'Content-Type': 'application/x-sentry-envelope' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The tracker responded with ${response.status}`);
}
