import { afterEach, expect, test } from 'bun:test';
import type { Config } from '@insightdesk/shared/config';
import { captureException, setErrorTracker } from '@insightdesk/shared/error-tracking';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { startErrorReceiver } from '@insightdesk/shared/sentry';
import { openErrorTracking } from './open-error-tracking.ts';

afterEach(() => setErrorTracker(undefined));

const configWith = (dsn: string | undefined) =>
  ({
    environment: 'staging',
    service: { name: 'api', replica: 'api-1' },
    errors: { dsn, release: undefined },
  }) as Config;

test('openErrorTracking: the default release is package and version; outcomes are counted', async () => {
  const receiver = startErrorReceiver();
  const metrics = createMetrics({ service: 'api', replica: 'api-1' });
  const tracking = await openErrorTracking(configWith(receiver.dsn), metrics);
  for (let i = 0; i < 7; i++) captureException(new Error(`${i}`));
  await tracking?.close();
  await receiver.stop();
  expect(receiver.received[0]?.event.release).toMatch(/^insightdesk@\d+\.\d+\.\d+$/);
  const text = await metrics.metrics();
  for (const [outcome, count] of Object.entries({ reported: 5, limited: 2, accepted: 5 })) {
    expect(text).toMatch(new RegExp(`error_reports_total\\{outcome="${outcome}".*\\} ${count}\n`));
  }
});

test('openErrorTracking: without a tracker the Sentry library is not loaded', async () => {
  const script = `
    const { openErrorTracking } = await import('./open-error-tracking.ts');
    const loaded = () => Object.keys(require.cache).some((path) => path.includes('@sentry'));
    const config = (dsn) => ({ environment: 'test', service: { name: 'api', replica: 'api-1' }, errors: { dsn } });
    console.log(await openErrorTracking(config(undefined)), loaded());
    const { createMetrics } = await import('@insightdesk/shared/monitoring');
    await openErrorTracking(config('http://a@127.0.0.1:1/1'), createMetrics({ service: 'api', replica: 'api-1' }));
    console.log(loaded());
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, '-e', script], { cwd: import.meta.dir });
  expect(await new Response(child.stdout).text()).toBe('undefined false\ntrue\n');
}, 60_000);
