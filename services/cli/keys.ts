import { type CommandApp, runCommand } from '@insightdesk/shared/boot';
import { listSigningKeys, rotateSigningKeys } from '@insightdesk/shared/domain/identity/users';
import { surroundings } from './operator-environment.ts';
import { note } from './record-act.ts';
import { reencrypt } from './reencrypt.ts';

const verbs = { list, rotate, reencrypt: reencryptAll };
const isVerb = (word = ''): word is keyof typeof verbs => Object.hasOwn(verbs, word);

/** Shows the keys that tokens are signed with, adds one, encrypts what is kept by ENCRYPTION_KEY. */
export async function manageKeys([verb]: string[]): Promise<number> {
  if (!isVerb(verb)) {
    console.error('Usage: bun run desk keys list | rotate | reencrypt');
    return 2;
  }
  await runCommand('desk', verbs[verb], await surroundings());
  return 0;
}

async function list({ parts }: CommandApp): Promise<void> {
  const stored = await listSigningKeys(parts.identity);
  const configured = parts.keys.first.id;
  if (!stored.some(({ id }) => id === configured)) {
    console.log(`${configured.padEnd(32)} JWT_SECRET`);
  }
  for (const { id, isConfigured, signsFrom, endsAt } of stored) {
    const from = isConfigured ? 'JWT_SECRET' : `signs from ${signsFrom.toISOString()}`;
    const end = endsAt ? `verifies until ${endsAt.toISOString()}` : 'signs';
    console.log(`${id.padEnd(32)} ${from.padEnd(40)} ${end}`);
  }
}

async function rotate(app: CommandApp): Promise<void> {
  const { parts, config } = app;
  await note(app, 'keys rotate');
  const { accessTtlSeconds, refreshTtlSeconds } = config.auth;
  const id = await rotateSigningKeys(parts, {
    configuredId: parts.keys.first.id,
    longestTtlSeconds: Math.max(accessTtlSeconds, refreshTtlSeconds),
  });
  console.log(`${id} signs from now on; nobody has to sign in again`);
}

async function reencryptAll(app: CommandApp): Promise<void> {
  await note(app, 'keys reencrypt');
  await reencrypt(app);
}
