import { expect, test } from 'bun:test';
import { notificationJobs } from '@insightdesk/shared/domain/desk/notifications';
import { defineJob, type JobRequest, jobFor } from '@insightdesk/shared/jobs';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { createGather, gather } from './gather.ts';

const { notifyOfMessage, notifyOfMessages } = notificationJobs;
const other = defineJob({ name: 'other', queue: 'maintenance', payload: z.object({}) });
const [a, b] = [newId('org'), newId('org')];

const notice = () => ({
  messageId: newId('msg'),
  conversationId: newId('cnv'),
  authorId: newId('usr'),
  customerId: newId('usr'),
  assigneeId: null,
});
const of = (tenantId: typeof a, trace?: string) =>
  jobFor(
    { id: newId('evt'), tenantId, requestId: 'r', ...(trace && { trace }) },
    notifyOfMessage,
    notice(),
  );
const many = (count: number) => Array.from({ length: count }, () => of(a));
const noticesOf = (request?: JobRequest) =>
  notifyOfMessages.payload.parse(request?.payload).notices;

test('messages of one organisation come together, each with the id of a job of its own', () => {
  const [one, two, theirs] = [of(a), of(a), of(b)];
  const [stranger, ...rest] = gather([one, theirs, two]).toSorted((x) => (x === theirs ? -1 : 1));
  expect(stranger).toBe(theirs);
  expect(rest.map(({ job, tenantId }) => [job.name, tenantId])).toEqual([
    [notifyOfMessages.name, a],
  ]);
  expect(noticesOf(rest[0])).toEqual(
    [one, two].map(({ id, requestId, payload }) => ({ id, requestId, notice: payload })) as never,
  );
});

test('another selection is another job, the same one the same', () => {
  const [first, second, third] = many(3) as [JobRequest, JobRequest, JobRequest];
  const idOf = (...requests: JobRequest[]) => gather(requests)[0]?.id;
  expect(idOf(second, third)).toBe(idOf(second, third) as string);
  expect(idOf(first, second, third)).not.toBe(idOf(second, third) as string);
});

test('other jobs and recorded traces stay as they are', () => {
  const trace = (flag: string) => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flag}`;
  const cause = { id: newId('evt'), tenantId: a, requestId: 'r' };
  const alone = [jobFor(cause, other, {}), of(a, trace('01')), of(a, trace('01'))];
  expect(gather(alone)).toEqual(alone);
  expect(gather([of(a, trace('00')), of(a, trace('00'))])).toHaveLength(1);
});

test('no job becomes too large, and nothing is left out', () => {
  const requests = many(120);
  const gathered = gather(requests);
  expect(gathered.map((one) => noticesOf(one).length)).toEqual([50, 50, 20]);
  expect(gathered.flatMap((one) => noticesOf(one).map(({ id }) => id))).toEqual(
    requests.map(({ id }) => id),
  );
});

test('an older worker is given jobs that it knows', async () => {
  const requests = many(3);
  expect(await createGather(async () => true)(requests)).toEqual(requests);
  expect(await createGather(async () => false)(requests)).toHaveLength(1);
});
