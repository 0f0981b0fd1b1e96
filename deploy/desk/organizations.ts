import { runCommand } from '@insightdesk/shared/boot';
import { isId } from '@insightdesk/shared/contract';
import { disableOrganization, enableOrganization } from '@insightdesk/shared/domain/tenants';
import { changeQuota } from './quota.ts';
import { surroundings } from './surroundings.ts';

const verbs = { disable: disableOrganization, enable: enableOrganization };
const isVerb = (word = ''): word is keyof typeof verbs => Object.hasOwn(verbs, word);

/** Shuts an organisation out, lets it in again, or says how much it may have. */
export async function switchOrganization([verb, tenantId, ...words]: string[]): Promise<number> {
  if (verb === 'quota') return changeQuota([tenantId ?? '', ...words]);
  if (!isVerb(verb) || !isId('org', tenantId)) {
    console.error('Usage: bun run desk organizations disable|enable <organisation id>');
    return 2;
  }
  const actor = { kind: 'system', name: 'desk' } as const;
  const caller = { actor, tenantId, requestId: Bun.randomUUIDv7() };
  const isNews = await runCommand(
    'desk',
    ({ parts, log }) => verbs[verb]({ ...parts.connections, log, ...caller }),
    await surroundings(),
  );
  console.log(`${tenantId} ${isNews ? 'is' : 'was already'} ${verb}d`);
  return 0;
}
