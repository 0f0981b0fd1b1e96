import {
  decide,
  defineAction,
  type MemberTenantContext,
  type Resource,
  requireCan,
} from '@insightdesk/shared/context';
import { type Id, idSchema, isId, permissionNames } from '@insightdesk/shared/contract';
import { findConversationCustomerId } from '@insightdesk/shared/domain/desk/conversations';
import { findPermissionRestriction, findMember } from '@insightdesk/shared/domain/identity/users';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { decisionView } from './view.ts';

const resource = z.union([idSchema('cnv'), idSchema('usr')]);

/** Whether the caller may do something, and why; who manages members may ask of another. */
export const explainPermission = defineAction({
  summary: 'Explain whether and why a permission is granted',
  input: z.strictObject({
    permission: z.enum(permissionNames),
    resource: resource.optional().describe('A conversation or a member that it is about'),
    userId: idSchema('usr').optional().describe('Of whom, for those who manage members'),
  }),
  output: decisionView,
  allow: 'account:read',
  transaction: 'read',
  async run(ctx, { permission, resource: id, userId = ctx.actor.userId }) {
    if (userId !== ctx.actor.userId) requireCan(ctx.actor, 'members:manage');
    const [holder, about] = await Promise.all([holderOf(ctx, userId), findResource(ctx, id)]);
    const { allowed, reason, via } = decide(holder, permission, about);
    return { allowed, reason, permission, userId, role: holder.role, via };
  },
});

async function holderOf(ctx: MemberTenantContext, userId: Id<'usr'>) {
  if (userId === ctx.actor.userId) return ctx.actor;
  const whose = { tenantId: ctx.tenantId, userId };
  const [member, restriction] = await Promise.all([findMember(ctx, userId), findPermissionRestriction(ctx, whose)]);
  if (!member) throw nobody();
  return { kind: 'user' as const, userId, role: member.role, restriction };
}

/** What the id names, as far as the caller may know that it is there. */
async function findResource(ctx: MemberTenantContext, id: Id<'cnv'> | Id<'usr'> | undefined) {
  if (id === undefined) return undefined;
  if (isId('cnv', id)) {
    const customerId = await findConversationCustomerId(ctx, id);
    if (!customerId) throw nobody();
    return { kind: 'conversation', customerId } satisfies Resource;
  }
  const isKnown = id === ctx.actor.userId || ctx.actor.role !== 'customer';
  const member = await findMember(ctx, id);
  if (!member || !isKnown) throw nobody();
  return { kind: 'member', role: member.role } satisfies Resource;
}

const nobody = () => new DomainNotFoundError();
