import { expect, test } from 'bun:test';
import { notificationJobs } from '@insightdesk/shared/domain/desk/notifications';
import { defineJob, type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { coalesceNotifications, createCoalescer } from './coalesce-notifications.ts';

const { notifyOfMessage, notifyOfMessages } = notificationJobs;
const otherJob = defineJob({ name: 'other', queue: 'maintenance', payload: z.object({}) });
const [a, b] = [newId('org'), newId('org')];

const notice = () => ({
  messageId: newId('msg'),
  conversationId: newId('cnv'),
  authorId: newId('usr'),
  customerId: newId('usr'),
  assigneeId: null,
});
const notification = (tenantId: typeof a, trace?: string) =>
  jobFor(
    { id: newId('evt'), tenantId, requestId: 'r', ...(trace && { trace }) },
    notifyOfMessage,
    notice(),
  );
const many = (count: number) => Array.from({ length: count }, () => notification(a));
const noticesOf = (request?: JobRequest) =>
  notifyOfMessages.payload.parse(request?.payload).notices;

test('notifications of one organization are combined and keep their ids', () => {
  const [one, two, foreign] = [notification(a), notification(a), notification(b)];
  const [other, ...rest] = coalesceNotifications([one, foreign, two]).toSorted((request) =>
    request === foreign ? -1 : 1,
  );
  expect(other).toBe(foreign);
  expect(rest.map(({ job, tenantId }) => [job.name, tenantId])).toEqual([
    [notifyOfMessages.name, a],
  ]);
  expect(noticesOf(rest[0])).toEqual(
    [one, two].map(({ id, requestId, payload }) => ({ id, requestId, notice: payload })) as never,
  );
});

test('the id of a combined job depends on its notifications', () => {
  const [first, second, third] = many(3) as [JobRequest, JobRequest, JobRequest];
  const idOf = (...requests: JobRequest[]) => coalesceNotifications(requests)[0]?.id;
  expect(idOf(second, third)).toBe(idOf(second, third) as string);
  expect(idOf(first, second, third)).not.toBe(idOf(second, third) as string);
});

test('other jobs and sampled notifications are not combined', () => {
  const trace = (flag: string) => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flag}`;
  const cause = { id: newId('evt'), tenantId: a, requestId: 'r' };
  const requests = [
    jobFor(cause, otherJob, {}),
    notification(a, trace('01')),
    notification(a, trace('01')),
  ];
  expect(coalesceNotifications(requests)).toEqual(requests);
  expect(
    coalesceNotifications([notification(a, trace('00')), notification(a, trace('00'))]),
  ).toHaveLength(1);
});

test('combined jobs have at most 50 notifications and contain all', () => {
  const requests = many(120);
  const coalesced = coalesceNotifications(requests);
  expect(coalesced.map((request) => noticesOf(request).length)).toEqual([50, 50, 20]);
  expect(coalesced.flatMap((request) => noticesOf(request).map(({ id }) => id))).toEqual(
    requests.map(({ id }) => id),
  );
});

test('notifications are not combined while an older worker runs', async () => {
  const requests = many(3);
  expect(await createCoalescer(async () => true)(requests)).toEqual(requests);
  expect(await createCoalescer(async () => false)(requests)).toHaveLength(1);
});
