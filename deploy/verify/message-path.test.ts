import { expect, test } from 'bun:test';
import { checkMessagePath } from './message-path.ts';

const files: Record<string, string> = {
  'services/api/routes.ts': "import { send } from '@insightdesk/shared/domain/talk';",
  'shared/domain/talk/index.ts':
    "export { send } from './send.ts';\nexport { look } from './look.ts';\nexport { post } from './post.ts';\nexport * as jobs from './jobs.ts';",
  'shared/domain/talk/send.ts': "import { write } from './write.ts';\nexport const send = write;",
  'shared/domain/talk/write.ts':
    "import { told } from './events.ts';\nexport const write = () => told;",
  'shared/domain/talk/events.ts': 'export const told = 1;',
  'shared/domain/talk/jobs.ts': 'export const mail = 1;\nexport const find = 2;',
  'services/worker/reactions.ts':
    "import type { told } from '../../shared/domain/talk/events.ts';\nimport { jobs } from '@insightdesk/shared/domain/talk';\njobFor(event, jobs.find, {});",
  'services/worker/main.ts':
    "import { react } from './reactions.ts';\nimport { relay } from './relay.ts';\nrelay({ with: (x) => react(x) });",
  'services/worker/relay.ts': 'export const relay = 1;',
  'services/worker/jobs.ts':
    "import { jobs, look, post } from '@insightdesk/shared/domain/talk';\nconst table = [{ job: jobs.find, run: (payload, run) => look(payload) }, { job: jobs.mail, run: (payload, run) =>\n post(payload, run) }];",
  'shared/domain/talk/look.ts':
    "import { mail } from './jobs.ts';\nexport const look = () => jobFor(run, mail, {});",
  'shared/domain/talk/post.ts': "import { mail } from './jobs.ts';\nexport const post = mail;",
};
const doors = { './domain/*': './domain/*/index.ts' };
const check = (...lines: string[]) =>
  checkMessagePath(
    `# X\n\n## How a message travels\n\n${lines.map((line) => `- x: ${line}`).join('\n')}\n\n## Next\n\n- \`a.ts\`\n`,
    { paths: Object.keys(files), read: (path) => files[path], doors },
  ).failures;

const toEvent = '`services/api/routes.ts` → `shared/domain/talk/{send,write}.ts`';

test('every step imports the next, through a door, or shares an event or a job with it', () => {
  const line = `${toEvent} → \`services/worker/reactions.ts\``;
  expect(check(line, '`services/worker/{reactions,jobs}.ts`')).toEqual([]);
});

test('a third file may put two together', () => {
  const line = `${toEvent} → \`services/worker/reactions.ts\``;
  expect(check(`${line} → \`services/worker/relay.ts\``)).toEqual([]);
});

test('a job may enqueue the next', () => {
  const line = `${toEvent} → \`services/worker/reactions.ts\``;
  const jobs = '`services/worker/{reactions,jobs}.ts` → `shared/domain/talk/{look,post}.ts`';
  expect(check(line, jobs)).toEqual([]);
});

test.each([
  [
    'a job that nothing before it enqueues',
    [
      `${toEvent} → \`services/worker/reactions.ts\``,
      '`services/worker/{reactions,jobs}.ts` → `shared/domain/talk/post.ts`',
    ],
    'post.ts does mail, which no file before it enqueues, but shared/domain/talk/look.ts does',
  ],
  [
    'a file that is left out',
    ['`services/api/routes.ts` → `shared/domain/talk/write.ts`'],
    'is left out',
  ],
  ['a door', [`${toEvent.replace('{', '{index,')}`], 'it does nothing'],
  ['a file that is gone', [`${toEvent} → \`services/worker/gone.ts\``], 'does not exist'],
  ['a line from nowhere', [toEvent, '`services/worker/{jobs,reactions}.ts`'], 'no line before it'],
  ['no list', [], 'lists no path'],
])('refuses %s', (_what, lines, reason) => {
  expect(check(...lines).join('\n')).toContain(reason);
});

test('refuses more than 20 files', () => {
  const many = Array.from({ length: 21 }, (_, i) => `\`f${i}.ts\``).join(' → ');
  expect(check(many)).toContain('21 files, more than 20');
});
