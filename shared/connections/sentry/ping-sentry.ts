/**
 * Sends an empty client report, which trackers accept and do not show; throws when it fails
 * (https://develop.sentry.dev/sdk/telemetry/client-reports/).
 */
export async function pingSentry(dsn: string, timeoutMs: number): Promise<void> {
  const response = await fetch(envelopeUrl(dsn), {
    method: 'POST',
    body: ['{}', '{"type":"client_report"}', '{"discarded_events":[]}'].join('\n'),
    headers: { 'Content-Type': 'application/x-sentry-envelope' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The tracker responded with ${response.status}`);
}

/** `https://<key>@<host>/<path>/<project>` names `https://<host>/<path>/api/<project>/envelope/`. */
function envelopeUrl(dsn: string): string {
  const { protocol, host, pathname, username } = new URL(dsn);
  const [, path = '', project = ''] = /^(.*)\/(\d+)$/.exec(pathname) ?? [];
  const query = new URLSearchParams({ sentry_version: '7', sentry_key: username });
  return `${protocol}//${host}${path}/api/${project}/envelope/?${query}`;
}
