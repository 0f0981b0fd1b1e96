import { expect, test } from 'bun:test';
import type { Logger } from '@insightdesk/shared/logging';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { watchSecrets } from './watch-secrets.ts';

test('every access is told by name and counted, also those before the log; a denied one alerts', async () => {
  const lines: [level: string, fields: object][] = [];
  const log = {
    info: (fields: object) => lines.push(['info', fields]),
    error: (fields: object) => lines.push(['error', fields]),
  } as unknown as Logger;
  const metrics = createMetrics({ service: 'api', replica: 'api-1' });
  const watch = watchSecrets();
  const early = { name: 'JWT_SECRET', provider: 'vault', outcome: 'read' } as const;
  const denied = { name: 'SMTP_PASSWORD', provider: 'vault', outcome: 'denied' } as const;
  watch.note(early);
  watch.tellTo(log, metrics);
  watch.note(denied);
  expect(lines).toEqual([
    ['info', { variable: 'JWT_SECRET', provider: 'vault', outcome: 'read' }],
    ['error', { variable: 'SMTP_PASSWORD', provider: 'vault', outcome: 'denied' }],
  ]);
  const text = await metrics.metrics();
  expect(text).toMatch(
    /secret_accesses_total\{secret="SMTP_PASSWORD",provider="vault",outcome="denied".*\} 1/,
  );
});
