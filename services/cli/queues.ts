import { usedQueues } from '@insightdesk/shared/domain/catalog';
import { type JobControl, jobStates, type QueueName, queueNames } from '@insightdesk/shared/jobs';
import { recordAct, runAsOperator } from './operator.ts';

const verbs: Record<string, (control: JobControl, queue: QueueName) => Promise<string>> = {
  pause: async (control, queue) => {
    await control.pauseQueue(queue);
    return `${queue} is paused`;
  },
  resume: async (control, queue) => {
    await control.resumeQueue(queue);
    return `${queue} is resumed`;
  },
  retry: async (control, queue) =>
    `${await control.retryAll(queue)} failed jobs of ${queue} are retried`,
};

const isQueue = (word = ''): word is QueueName => queueNames.includes(word as QueueName);

/** Lists the queues, pauses or resumes one, or retries its failed jobs. */
export async function manageQueues([verb = '', queue]: string[]): Promise<number> {
  const perform = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (verb !== 'list' && (!perform || !isQueue(queue))) {
    console.error('Usage: desk queues list | pause|resume|retry <queue>');
    return 2;
  }
  await runAsOperator(async (app) => {
    const { control } = app.container.jobs;
    if (!perform || !isQueue(queue)) return list(control);
    await recordAct(app, `queues ${verb}`, queue);
    console.log(await perform(control, queue));
  });
  return 0;
}

/** Lists the queues that a job uses, and others that have jobs or are paused. */
async function list(control: JobControl): Promise<void> {
  console.log([''.padEnd(22), ...jobStates.map((state) => state.padStart(10))].join(''));
  for (const [name, stats] of Object.entries(await control.getStats())) {
    const isUsed = usedQueues.has(name as QueueName);
    if (!isUsed && !stats.isPaused && jobStates.every((state) => stats[state] === 0)) continue;
    const counts = jobStates.map((state) => String(stats[state]).padStart(10));
    console.log([name.padEnd(22), ...counts, stats.isPaused ? '  paused' : ''].join(''));
  }
}
