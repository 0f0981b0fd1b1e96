import { createParts } from '@insightdesk/shared/boot';
import { loadConfig } from '@insightdesk/shared/config';
import { disableOrganization, enableOrganization } from '@insightdesk/shared/domain/tenants';
import { createLogger } from '@insightdesk/shared/logging';
import { isId } from '@insightdesk/shared/utils';

const verbs = { disable: disableOrganization, enable: enableOrganization };
const isVerb = (word = ''): word is keyof typeof verbs => Object.hasOwn(verbs, word);

/** Shuts an organisation out, or lets it in again. */
export async function switchOrganization([verb, tenantId]: string[]): Promise<number> {
  if (!isVerb(verb) || !isId('org', tenantId)) {
    console.error('Usage: bun run desk organizations disable|enable <organisation id>');
    return 2;
  }
  const config = loadConfig({ service: 'desk', environment: await surroundings() });
  const log = createLogger(
    { level: 'error', format: 'json' },
    { service: 'desk', replica: 'desk' },
  );
  const container = createParts(config, log);
  try {
    const actor = { kind: 'system', name: 'desk' } as const;
    const caller = { actor, tenantId, requestId: Bun.randomUUIDv7() };
    const isNews = await verbs[verb]({ ...container.parts.connections, log, ...caller });
    console.log(`${tenantId} ${isNews ? 'is' : 'was already'} ${verb}d`);
    return 0;
  } finally {
    await container.dispose();
  }
}

/** The variables of the services; without them, those of the stack that runs on this machine. */
async function surroundings(): Promise<Record<string, string | undefined>> {
  if (process.env.DATABASE_URL) return process.env;
  const { describeRunning } = await import('../local/describe-running.ts');
  return { ...describeRunning(), ...process.env };
}
