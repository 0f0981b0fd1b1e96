import { expect, test } from 'bun:test';
import type { Logger } from '@insightdesk/shared/logging';
import { createOutageLog } from './create-outage-log.ts';

const MINUTE_MS = 60_000;

test('createOutageLog: an outage of hours is one line, a later one another line', () => {
  const codes: string[] = [];
  const log = { warn: ({ code }: { code: string }) => void codes.push(code) } as unknown as Logger;
  let now = 0;
  const logOutage = createOutageLog(log, () => now);
  for (; now < 180 * MINUTE_MS; now += 10 * MINUTE_MS) {
    logOutage('MAIL_UNAVAILABLE', new Error('refused'), 'a job');
    logOutage('MAIL_UNAVAILABLE', new Error('refused'), 'another job');
  }
  expect(codes).toEqual(['MAIL_UNAVAILABLE']);
  logOutage('STORAGE_UNAVAILABLE', new Error('refused'), 'a job');
  now += 20 * MINUTE_MS;
  logOutage('MAIL_UNAVAILABLE', new Error('refused'), 'a job');
  expect(codes).toEqual(['MAIL_UNAVAILABLE', 'STORAGE_UNAVAILABLE', 'MAIL_UNAVAILABLE']);
});
