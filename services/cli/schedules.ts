import { type CommandApp, runCommand } from '@insightdesk/shared/boot';
import {
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  type ScheduleState,
} from '@insightdesk/shared/jobs';
import { surroundings } from './operator-environment.ts';
import { note } from './record-act.ts';

const verbs = { pause: pauseSchedule, resume: resumeSchedule };
const isVerb = (word = ''): word is keyof typeof verbs => Object.hasOwn(verbs, word);

/** Lists what time causes, pauses one of it, lets it go on. */
export async function manageSchedules([verb, name]: string[]): Promise<number> {
  if (verb === 'list') {
    const found = await withApp(({ parts }) => listSchedules(parts.database));
    for (const schedule of found) console.log(describe(schedule));
    return 0;
  }
  if (!isVerb(verb) || !name) {
    console.error('Usage: bun run desk schedules list | pause <name> | resume <name>');
    return 2;
  }
  await withApp(async (app) => {
    await note(app, `schedules ${verb}`, name);
    await verbs[verb](app.parts.database, name);
  });
  console.log(`${name} is ${verb}d`);
  return 0;
}

async function withApp<T>(work: (app: CommandApp) => Promise<T>): Promise<T> {
  return runCommand('desk', work, await surroundings());
}

function describe({ name, timing, dueAt, firedAt, pausedAt }: ScheduleState): string {
  const next = pausedAt ? `paused since ${pausedAt.toISOString()}` : `due ${dueAt.toISOString()}`;
  const last = firedAt ? `last ${firedAt.toISOString()}` : 'never yet';
  return `${name.padEnd(24)} ${timing.padEnd(24)} ${next.padEnd(40)} ${last}`;
}
