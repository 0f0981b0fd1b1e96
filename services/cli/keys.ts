import type { CommandApp } from '@insightdesk/shared/boot';
import { listSigningKeys, rotateSigningKeys } from '@insightdesk/shared/domain/identity/users';
import { recordAct, runAsOperator } from './operator.ts';
import { reencrypt } from './reencrypt.ts';

const verbs = { list, rotate, reencrypt: runReencrypt };
const isVerb = (word = ''): word is keyof typeof verbs => Object.hasOwn(verbs, word);

/** Lists or rotates signing keys, or encrypts stored secrets with the current ENCRYPTION_KEY. */
export async function manageKeys([verb]: string[]): Promise<number> {
  if (!isVerb(verb)) {
    console.error('Usage: desk keys list | rotate | reencrypt');
    return 2;
  }
  await runAsOperator(verbs[verb]);
  return 0;
}

async function list({ container }: CommandApp): Promise<void> {
  const stored = await listSigningKeys(container.identityDatabase);
  const configured = new Map([
    [container.keys.configuredAccess?.id, 'JWT_SECRET'],
    [container.keys.configured.id, 'JWT_REFRESH_SECRET'],
  ]);
  for (const [id = '', name] of configured) {
    if (!stored.some((key) => key.id === id)) console.log(`${id.padEnd(44)} ${name}`);
  }
  for (const { id, isConfigured, signsFrom, endsAt } of stored) {
    const from = isConfigured
      ? (configured.get(id) ?? 'a former secret')
      : `signs from ${signsFrom.toISOString()}`;
    const end = endsAt ? `verifies until ${endsAt.toISOString()}` : 'signs';
    console.log(`${id.padEnd(44)} ${from.padEnd(40)} ${end}`);
  }
}

async function rotate(app: CommandApp): Promise<void> {
  const { container, config } = app;
  await recordAct(app, 'keys rotate');
  const { accessTtlSeconds, refreshTtlSeconds } = config.auth;
  const id = await rotateSigningKeys(container, {
    maxTtlSeconds: Math.max(accessTtlSeconds, refreshTtlSeconds),
  });
  console.log(`${id} signs from now on; sessions stay valid`);
}

async function runReencrypt(app: CommandApp): Promise<void> {
  await recordAct(app, 'keys reencrypt');
  await reencrypt(app);
}
