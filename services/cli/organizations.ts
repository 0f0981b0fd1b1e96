import { parseArgs } from 'node:util';
import { type CommandApp, runCommand } from '@insightdesk/shared/boot';
import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { endImpersonation, impersonate } from '@insightdesk/shared/domain/identity/users';
import { archiveOf, eraseOrganization } from '@insightdesk/shared/domain/tenancy/departures';
import {
  disableOrganization,
  enableOrganization,
  requireOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { operatorContext } from './operator-context.ts';
import { surroundings } from './operator-environment.ts';
import { changeQuota } from './quota.ts';
import { note } from './record-act.ts';
import { writeExport } from './write-export.ts';

type OperatorContext = Context & { tenantId: Id<'org'> };

/** Does it and says what it did; undefined when more had to be said. */
type Verb = (ctx: OperatorContext, words: string[], app: CommandApp) => Promise<string | undefined>;

const verbs: Record<string, Verb> = {
  disable: async (ctx) => `${(await disableOrganization(ctx)) ? 'is' : 'was already'} disabled`,
  enable: async (ctx) => `${(await enableOrganization(ctx)) ? 'is' : 'was already'} enabled`,
  export: exportTo,
  erase,
  impersonate: act,
  'end-impersonation': endAct,
};

const USAGE = `Usage: bun run desk organizations disable|enable <organisation id>
       bun run desk organizations quota <organisation id> <metric> <value>
       bun run desk organizations export <organisation id> <folder> [--rate <MB per second>]
       bun run desk organizations erase <organisation id> --name <its name, exactly>
       bun run desk organizations impersonate <organisation id> <user id> --operator <your name>
         --reason <why> --minutes <1 to 60>
       bun run desk organizations end-impersonation <organisation id> <session id>`;

/** Shuts an organisation out, lets it in again, exports or erases it. */
export async function manageOrganization([name = '', id, ...words]: string[]): Promise<number> {
  if (name === 'quota') return changeQuota([id ?? '', ...words]);
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  const done = verb && isId('org', id) && (await run(verb, id, words));
  if (!done) {
    console.error(USAGE);
    return 2;
  }
  console.log(`${id} ${done}`);
  return 0;
}

async function run(verb: Verb, tenantId: Id<'org'>, words: string[]) {
  return runCommand(
    'desk',
    (app) => verb(operatorContext(app, tenantId), words, app),
    await surroundings(),
  );
}

async function exportTo(ctx: OperatorContext, [folder, ...args]: string[], app: CommandApp) {
  const { values } = parseArgs({ args, options: { rate: { type: 'string' } } });
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  if (!folder || !(rate === undefined || rate > 0)) return undefined;
  await requireOrganization(ctx);
  await note(app, 'organizations export', folder, ctx.tenantId);
  const place = { folder, name: `${ctx.tenantId}.tar.gz` };
  const onProgress = (line: string) => console.error(line);
  return writeExport(archiveOf(ctx, ctx.tenantId), place, { rate, onProgress });
}

async function erase(ctx: OperatorContext, args: string[]) {
  const { values } = parseArgs({ args, options: { name: { type: 'string' } } });
  if (!values.name) return undefined;
  const { name } = await requireOrganization(ctx);
  if (name !== values.name) throw new Error('That is not its name: nothing was erased');
  const { tenantId } = ctx;
  const signal = new AbortController().signal;
  const counts = await eraseOrganization(ctx, { tenantId, signal });
  const lines = Object.entries(counts).map(([what, count]) => `  ${what}: ${count}`);
  return ['is erased', ...lines].join('\n');
}

async function act(ctx: OperatorContext, [userId, ...args]: string[]) {
  const text = { type: 'string' } as const;
  const options = { operator: text, reason: text, minutes: text };
  const { operator, reason, minutes } = parseArgs({ args, options }).values;
  if (!isId('usr', userId) || !operator || !reason || !minutes) return undefined;
  const wanted = { userId, operator, reason, minutes: Number(minutes) };
  const { accessToken, sessionId, until } = await impersonate(ctx, wanted);
  return `lets ${operator} act as ${userId} until ${until}, session ${sessionId}\n${accessToken}`;
}

async function endAct(ctx: OperatorContext, [sessionId, ...rest]: string[]) {
  if (!isId('ses', sessionId) || rest.length > 0) return undefined;
  await endImpersonation(ctx, sessionId);
  return `is left: ${sessionId} has ended`;
}
