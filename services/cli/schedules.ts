import {
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  type ScheduleState,
} from '@insightdesk/shared/jobs';
import { recordAct, runAsOperator } from './operator.ts';

const verbs = { pause: pauseSchedule, resume: resumeSchedule };
const isVerb = (word = ''): word is keyof typeof verbs => Object.hasOwn(verbs, word);

/** Lists the schedules, pauses or resumes one. */
export async function manageSchedules([verb, name]: string[]): Promise<number> {
  if (verb === 'list') {
    const found = await runAsOperator(({ container }) => listSchedules(container.database));
    for (const schedule of found) console.log(describe(schedule));
    return 0;
  }
  if (!isVerb(verb) || !name) {
    console.error('Usage: desk schedules list | pause <name> | resume <name>');
    return 2;
  }
  await runAsOperator(async (app) => {
    await recordAct(app, `schedules ${verb}`, name);
    await verbs[verb](app.container.database, name);
  });
  console.log(`${name} is ${verb}d`);
  return 0;
}

function describe({ name, timing, dueAt, firedAt, pausedAt }: ScheduleState): string {
  const next = pausedAt ? `paused since ${pausedAt.toISOString()}` : `due ${dueAt.toISOString()}`;
  const last = firedAt ? `last ${firedAt.toISOString()}` : 'never fired';
  return `${name.padEnd(24)} ${timing.padEnd(24)} ${next.padEnd(40)} ${last}`;
}
