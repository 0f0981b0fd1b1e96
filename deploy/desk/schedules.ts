import { runCommand } from '@insightdesk/shared/boot';
import type { Database } from '@insightdesk/shared/database';
import {
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  type ScheduleState,
} from '@insightdesk/shared/jobs';
import { surroundings } from './surroundings.ts';

const verbs = { pause: pauseSchedule, resume: resumeSchedule };
const isVerb = (word = ''): word is keyof typeof verbs => Object.hasOwn(verbs, word);

/** Lists what time causes, pauses one of it, lets it go on. */
export async function manageSchedules([verb, name]: string[]): Promise<number> {
  if (verb === 'list') {
    const found = await withDatabase(listSchedules);
    for (const schedule of found) console.log(describe(schedule));
    return 0;
  }
  if (!isVerb(verb) || !name) {
    console.error('Usage: bun run desk schedules list | pause <name> | resume <name>');
    return 2;
  }
  await withDatabase((database) => verbs[verb](database, name));
  console.log(`${name} is ${verb}d`);
  return 0;
}

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  return runCommand('desk', ({ parts }) => work(parts.database), await surroundings());
}

function describe({ name, timing, dueAt, firedAt, pausedAt }: ScheduleState): string {
  const next = pausedAt ? `paused since ${pausedAt.toISOString()}` : `due ${dueAt.toISOString()}`;
  const last = firedAt ? `last ${firedAt.toISOString()}` : 'never yet';
  return `${name.padEnd(24)} ${timing.padEnd(24)} ${next.padEnd(40)} ${last}`;
}
