import { afterEach, describe, expect, test } from 'bun:test';
import { DatabaseError, serializeError } from '@insightdesk/shared/errors';
import { createLogger, currentContext, withContext } from '@insightdesk/shared/logging';
import {
  addBreadcrumb,
  captureException,
  type ErrorReport,
  ErrorTracking,
  reportLoggedErrors,
  setErrorTracker,
  setUserContext,
} from './index.ts';

afterEach(() => setErrorTracker(undefined));

function track() {
  const reports: ErrorReport[] = [];
  const outcomes: string[] = [];
  setErrorTracker(
    { report: (report) => void reports.push(report), close: async () => {} },
    (outcome) => outcomes.push(outcome),
  );
  const lines: string[] = [];
  const log = createLogger(
    { level: 'info', format: 'json' },
    { service: 'api', replica: 'api-1' },
    { write: (line) => void lines.push(line) },
    [],
    reportLoggedErrors,
  );
  return { reports, outcomes, log, lines };
}

const messages = (reports: ErrorReport[]) => reports.map(({ error }) => error.message);

describe('captureException', () => {
  test('captureException: an error that is logged, wrapped and aggregated is reported once', () => {
    const { reports, log } = track();
    const error = new Error('inner');
    log.error({ err: error }, 'first');
    log.fatal(error);
    captureException(error);
    captureException(new DatabaseError('outer', { cause: error }));
    captureException(new AggregateError([new Error('another'), error], 'several'));
    ErrorTracking.apiError(error, { method: 'GET', route: '/x', status: 500, code: 'INTERNAL' });
    expect(messages(reports)).toEqual(['inner']);
    expect(reports[0]?.message).toBe('first');
  });

  test('captureException: equal errors are different errors', () => {
    const { reports } = track();
    for (let i = 0; i < 3; i++) captureException(new Error('same'));
    expect(reports).toHaveLength(3);
  });

  test('captureException: circular causes end', () => {
    const { reports } = track();
    const error: Error & { errors?: unknown[] } = new Error('circular');
    error.cause = error;
    error.errors = Array(1_000).fill(error);
    captureException(error);
    expect(messages(reports)).toEqual(['circular']);
  });
});

describe('reportLoggedErrors', () => {
  test('reportLoggedErrors: reports errors from level error on, other lines are breadcrumbs of their context', () => {
    const { reports, log } = track();
    log.info('without context');
    withContext({ requestId: 'r-1', tenantId: 'org_1' }, () => {
      log.info({ query: 'select', token: 'hunter2' }, 'asked');
      withContext({ job: 'j-1' }, () => {
        log.warn('slow, for Bearer hunter2hunter2');
        log.error({ err: new Error('broken'), attempt: 2 }, 'job: failed');
      });
      log.error({ count: 1 }, 'no error in it');
    });
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      error: { name: 'Error', message: 'broken' },
      level: 'error',
      message: 'job: failed',
      context: { requestId: 'r-1', tenantId: 'org_1', job: 'j-1' },
      fields: { attempt: 2 },
      breadcrumbs: [
        { category: 'log', level: 'info', message: 'asked', fields: { query: 'select' } },
        { level: 'warning', message: 'slow, for Bearer [redacted]' },
      ],
    });
    expect(reports[0]?.fields).not.toHaveProperty('err');
    expect(JSON.stringify(reports)).not.toContain('hunter2');
  });

  test('addBreadcrumb: breadcrumbs are not logged', () => {
    const { log, lines } = track();
    withContext({ requestId: 'r-1' }, () => {
      addBreadcrumb({ message: 'my-breadcrumb' });
      log.info('after it');
    });
    expect(lines.join()).not.toContain('my-breadcrumb');
  });

  test('reportLoggedErrors: without a tracker lines are only logged', () => {
    const { log, lines } = track();
    setErrorTracker(undefined);
    withContext({ requestId: 'r-1' }, () => log.error({ err: new Error('x') }, 'failed'));
    expect(lines).toHaveLength(1);
  });

  test('reportLoggedErrors: a fatal line with a thrown string is reported as fatal', () => {
    const { reports, log } = track();
    log.fatal({ err: 'thrown text' }, 'uncaughtException');
    expect(reports[0]).toMatchObject({
      level: 'fatal',
      error: { name: 'NonError', message: 'thrown text' },
    });
  });
});

test('captureException: reports the last 20 breadcrumbs of its own context', () => {
  const { reports } = track();
  addBreadcrumb({ message: 'outside' });
  withContext({ requestId: 'other' }, () => addBreadcrumb({ message: 'other' }));
  withContext({ requestId: 'r' }, () => {
    for (let i = 0; i < 25; i++) {
      addBreadcrumb({ message: `${i}`, category: 'query', fields: { password: 'hunter2', i } });
    }
    captureException(new Error('x'));
  });
  const crumbs = reports[0]?.breadcrumbs ?? [];
  expect(crumbs.map(({ message }) => Number(message))).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 5),
  );
  expect(crumbs[0]).toMatchObject({ category: 'query', fields: { password: '[redacted]', i: 5 } });
  expect(crumbs[0]?.at).toBeInstanceOf(Date);
  captureException(new Error('outside'));
  expect(reports[1]?.breadcrumbs).toEqual([]);
});

test('setUserContext: sets the user of the current context only', () => {
  const { reports } = track();
  withContext({ requestId: 'r' }, () => {
    setUserContext({ id: 'usr_1', tenantId: 'org_1' });
    captureException(new Error('x'));
  });
  setUserContext({ id: 'usr_2' });
  captureException(new Error('y'));
  expect(reports.map(({ context }) => context)).toEqual([
    { requestId: 'r', actor: 'usr_1', tenantId: 'org_1' },
    {},
  ]);
  expect(currentContext()).toEqual({});
});

test('captureException: context fields of the log line complete the context', () => {
  const { reports, log } = track();
  const fields = { err: new Error('x'), requestId: 'r', tenantId: 'org_1', actor: 'usr_1' };
  log.error(fields, 'realtime: subscribe failed');
  expect(reports[0]?.context).toEqual({ requestId: 'r', tenantId: 'org_1', actor: 'usr_1' });
});

test.each([
  [500, 1],
  [503, 1],
  [499, 0],
  [404, 0],
])('ErrorTracking.apiError: status %d is reported %d times', (status, times) => {
  const { reports } = track();
  const request = { method: 'GET', route: '/v1/things/:id', status, code: 'X' };
  ErrorTracking.apiError(new Error('x'), request);
  expect(reports).toHaveLength(times);
  if (times > 0)
    expect(reports[0]).toMatchObject({ fields: request, message: 'http: request failed' });
});

test('captureException: an error of the tracker and an unreadable error are ignored', () => {
  setErrorTracker({
    report() {
      throw new Error('the tracker is broken');
    },
    close: async () => {},
  });
  captureException(new Error('x'));
  const { reports } = track();
  const unreadable = new Error('x');
  Object.defineProperty(unreadable, 'cause', {
    get() {
      throw new Error('unreadable');
    },
  });
  captureException(unreadable);
  expect(reports).toEqual([]);
});

test('captureException: reports contain no secrets, and texts are limited', () => {
  const { reports } = track();
  const query = Object.assign(new Error('Failed query: select $1 params: hunter2'), {
    query: 'select $1',
    params: ['hunter2'],
  });
  const error = new Error('GET https://desk/accept?token=hunter2&x=1 by ada@example.com', {
    cause: new AggregateError([query], 'with Bearer hunter2hunter2'),
  });
  captureException(error, {
    message: 'for eyJhbGciOiJI.eyJzdWIi.hunter2',
    fields: { deep: { password: 'hunter2', url: 'postgres://app:hunter2@h/d' } },
  });
  captureException(new Error('x'.repeat(1_000_000)));
  const [first, second] = reports.map((report) => JSON.stringify(report));
  expect(first).not.toContain('hunter2');
  expect(first).not.toContain('ada@');
  expect(first).toContain('select $1');
  expect(second?.length).toBeLessThan(20_000);
});

test('captureException: a serialized error is reported as it is', () => {
  const { reports } = track();
  captureException(serializeError(new DatabaseError('unavailable')));
  expect(reports[0]?.error).toMatchObject({ name: 'DatabaseError', message: 'unavailable' });
});
