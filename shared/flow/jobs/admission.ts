import type { Id } from '@insightdesk/shared/contract';
import type { Job } from 'bullmq';
import type { Redis } from 'iovalkey';
import type { JobRequest, QueueName } from './define-job.ts';
import type { HeldJob, HeldJobs } from './held-jobs.ts';
import { parseBullId } from './ids.ts';
import { createJobLoad, type EndedJob, type JobRoom, type JobUnit } from './job-load.ts';
import type { Envelope } from './queues.ts';

/** How much of the queues an organisation may have, and where waits what is more. */
export interface JobBudget {
  roomOf(tenantId: Id<'org'>): JobRoom;
  held: Pick<HeldJobs, 'hold'>;
}

/** Decides which jobs come into the queues now. Jobs of the system always do. */
export interface Admission {
  /** Gives those that may come in; the others are kept in the database when it resolves. */
  admit(requests: JobRequest[]): Promise<JobRequest[]>;
  /** Of jobs of one organisation that are kept there. */
  readmit(owner: Id<'org'>, held: readonly HeldJob[]): Promise<JobRequest[]>;
  /** A job has come to its end: its room is free, a moment later. */
  ended(job: Job<Envelope>): void;
  close(): Promise<void>;
}

/** What BullMQ needs beside what a job is told. */
const OVERHEAD_BYTES = 1_024;
/** Delayed jobs that are due later than this have half of the room. */
const FAR_MS = 60_000;
const TELL_MS = 50;
/** More is not told: it is noticed by the sweep. */
const MOST_UNTOLD = 20_000;
const LONG_BYTES = 4_096;

/** Without a budget everything comes in. */
export const endless: Admission = {
  admit: async (requests) => requests,
  readmit: async (_, held) => held.map(({ request }) => request),
  ended() {},
  close: async () => {},
};

/** Opens the door of the queues with this prefix. */
export function createAdmission(valkey: Redis, prefix: string, budget: JobBudget): Admission {
  const load = createJobLoad(valkey, prefix);
  const untold = new Map<Id<'org'>, EndedJob[]>();
  let untoldCount = 0;
  let timer: Timer | undefined;

  async function admitOf(owner: Id<'org'>, own: JobRequest[]) {
    const answers = await load.admit(owner, budget.roomOf(owner), own.map(toUnit));
    return own.map((request, at) => ({ request, fits: answers[at] === true }));
  }

  async function tell(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = [...untold];
    untold.clear();
    untoldCount = 0;
    const told = batch.map(([owner, ended]) => load.end(owner, budget.roomOf(owner), ended));
    await Promise.allSettled(told);
  }

  return {
    async admit(requests) {
      const { system = [], theirs = [] } = Object.groupBy(requests, ({ tenantId }) =>
        tenantId === 'system' ? 'system' : 'theirs',
      );
      const byOwner = Map.groupBy(theirs, ({ tenantId }) => tenantId as Id<'org'>);
      const sorted = (
        await Promise.all([...byOwner].map(([owner, own]) => admitOf(owner, own)))
      ).flat();
      const out = sorted.filter(({ fits }) => !fits).map(({ request }) => request);
      if (out.length > 0) await budget.held.hold(out);
      return [...system, ...sorted.filter(({ fits }) => fits).map(({ request }) => request)];
    },
    async readmit(owner, held) {
      const requests = held.map(({ request, dueAt }): JobRequest => {
        const delayMs = dueAt.getTime() - Date.now();
        const { delayMs: _, ...rest } = request;
        return delayMs > 0 ? { ...rest, delayMs } : rest;
      });
      const units = requests.map(toUnit);
      const answers = await load.admit(owner, budget.roomOf(owner), units, { fromHold: true });
      return requests.filter((_, at) => answers[at]);
    },
    ended(job) {
      const { tenantId } = parseBullId(job.id as string);
      if (tenantId === 'system' || untoldCount >= MOST_UNTOLD) return;
      untoldCount++;
      const own = untold.get(tenantId) ?? [];
      own.push(endOf(job));
      untold.set(tenantId, own);
      timer ??= setTimeout(() => void tell(), TELL_MS);
    },
    close: tell,
  };
}

function toUnit(request: JobRequest): JobUnit {
  return { isFar: (request.delayMs ?? 0) > FAR_MS, jobs: membersOf(request).map(toMember) };
}

function toMember({ job, id, requestId, payload }: JobRequest) {
  const bytes = OVERHEAD_BYTES + lengthOf({ requestId, payload });
  return { queue: job.queue, id, bytes };
}

/** A job and all it waits for. */
export const membersOf = (request: JobRequest): JobRequest[] => [
  request,
  ...(request.after?.jobs ?? []).flatMap(membersOf),
];

const lengthOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');

function endOf({ id, queueName, data, failedReason, stacktrace }: Job<Envelope>): EndedJob {
  const ended = { queue: queueName as QueueName, id: parseBullId(id as string).id };
  const bytes = lengthOf(data);
  if (failedReason === undefined) {
    if (bytes <= LONG_BYTES) return ended;
    return { ...ended, shorter: JSON.stringify({ ...data, payload: null }) };
  }
  const why = lengthOf([failedReason, stacktrace]);
  return { ...ended, letterBytes: OVERHEAD_BYTES + bytes + why };
}
