import { expect, test } from 'bun:test';
import type { Logger } from '@insightdesk/shared/logging';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { createSecretAccessLog } from './secret-access-log.ts';

test('createSecretAccessLog: accesses before and after the log opens are logged and counted; denied ones are errors', async () => {
  const lines: [level: string, fields: object][] = [];
  const log = {
    info: (fields: object) => lines.push(['info', fields]),
    error: (fields: object) => lines.push(['error', fields]),
  } as unknown as Logger;
  const metrics = createMetrics({ service: 'api', replica: 'api-1' });
  const accessLog = createSecretAccessLog();
  const early = { name: 'JWT_SECRET', provider: 'vault', outcome: 'read' } as const;
  const denied = { name: 'SMTP_PASSWORD', provider: 'vault', outcome: 'denied' } as const;
  accessLog.record(early);
  accessLog.reportTo(log, metrics);
  accessLog.record(denied);
  expect(lines).toEqual([
    ['info', { variable: 'JWT_SECRET', provider: 'vault', outcome: 'read' }],
    ['error', { variable: 'SMTP_PASSWORD', provider: 'vault', outcome: 'denied' }],
  ]);
  const text = await metrics.metrics();
  expect(text).toMatch(
    /secret_accesses_total\{secret="SMTP_PASSWORD",provider="vault",outcome="denied".*\} 1/,
  );
});
