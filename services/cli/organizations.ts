import { parseArgs } from 'node:util';
import type { CommandApp } from '@insightdesk/shared/boot';
import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import { endImpersonation, startImpersonation } from '@insightdesk/shared/domain/identity/users';
import { deleteTenant } from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import { createArchive } from '@insightdesk/shared/domain/tenancy/tenant-export';
import {
  disableOrganization,
  enableOrganization,
  requireOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { listOrganizations } from './list-organizations.ts';
import { operatorContext, recordAct, runAsOperator } from './operator.ts';
import { showOrganization } from './show-organization.ts';
import { updateQuota } from './update-quota.ts';
import { printExport, writeExport } from './write-export.ts';

type OperatorContext = Context & { tenantId: Id<'org'> };

/** Returns what to print after the id, if anything, or undefined if arguments are missing. */
type Verb = (ctx: OperatorContext, words: string[], app: CommandApp) => Promise<string | undefined>;

const verbs: Record<string, Verb> = {
  disable: async (ctx) => `${(await disableOrganization(ctx)) ? 'is' : 'was already'} disabled`,
  enable: async (ctx) => `${(await enableOrganization(ctx)) ? 'is' : 'was already'} enabled`,
  show: showOrganization,
  export: exportOrganization,
  erase: deleteOrganization,
  impersonate,
  'end-impersonation': stopImpersonation,
};

const USAGE = `Usage: desk organizations list [<part of the name>]
       desk organizations show <organization id>
       desk organizations disable|enable <organization id>
       desk organizations quota <organization id> <metric> <value>
       desk organizations export <organization id> <folder, or - for standard output> [--rate <MB per second>]
       desk organizations erase <organization id> --name <its name, exactly>
       desk organizations impersonate <organization id> <user id> --operator <your name>
         --reason <why> --minutes <1 to 60>
       desk organizations end-impersonation <organization id> <session id>`;

/** Disables, enables, exports or deletes an organization, or impersonates a member. */
export async function manageOrganization([name = '', id, ...words]: string[]): Promise<number> {
  if (name === 'quota') return updateQuota([id ?? '', ...words]);
  if (name === 'list' && words.length === 0) return listOrganizations(id);
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  const message =
    verb && isId('org', id)
      ? await runAsOperator((app) => verb(operatorContext(app, id), words, app))
      : undefined;
  if (message === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (message) console.log(`${id} ${message}`);
  return 0;
}

async function exportOrganization(
  ctx: OperatorContext,
  [folder, ...args]: string[],
  app: CommandApp,
) {
  const { values } = parseArgs({ args, options: { rate: { type: 'string' } } });
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  if (!folder || !(rate === undefined || rate > 0)) return undefined;
  await requireOrganization(ctx);
  await recordAct(app, 'organizations export', folder, ctx.tenantId);
  const onProgress = (line: string) => console.error(line);
  const archive = createArchive(ctx, ctx.tenantId);
  if (folder === '-') {
    onProgress(`${ctx.tenantId} ${await printExport(archive, { rate, onProgress })}`);
    return '';
  }
  const target = { folder, name: `${ctx.tenantId}.tar.gz` };
  return writeExport(archive, target, { rate, onProgress });
}

async function deleteOrganization(ctx: OperatorContext, args: string[]) {
  const { values } = parseArgs({ args, options: { name: { type: 'string' } } });
  if (!values.name) return undefined;
  const { name } = await requireOrganization(ctx);
  if (name !== values.name) throw new Error('The name does not match; nothing was deleted');
  const { tenantId } = ctx;
  const signal = new AbortController().signal;
  const counts = await deleteTenant(ctx, { tenantId, requestedBy: 'desk', signal });
  const lines = Object.entries(counts).map(([what, count]) => `  ${what}: ${count}`);
  return ['deleted', ...lines].join('\n');
}

async function impersonate(ctx: OperatorContext, [userId, ...args]: string[]) {
  const text = { type: 'string' } as const;
  const options = { operator: text, reason: text, minutes: text };
  const { operator, reason, minutes } = parseArgs({ args, options }).values;
  if (!isId('usr', userId) || !operator || !reason || !minutes) return undefined;
  const wanted = { userId, operator, reason, minutes: Number(minutes) };
  const { accessToken, sessionId, until } = await startImpersonation(ctx, wanted);
  return `${operator} may act as ${userId} until ${until}, session ${sessionId}\n${accessToken}`;
}

async function stopImpersonation(ctx: OperatorContext, [sessionId, ...rest]: string[]) {
  if (!isId('ses', sessionId) || rest.length > 0) return undefined;
  await endImpersonation(ctx, sessionId);
  return `session ${sessionId} ended`;
}
