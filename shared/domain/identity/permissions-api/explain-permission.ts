import {
  decide,
  defineAction,
  effectivePermissions,
  type MemberTenantContext,
  type Resource,
  requireCan,
} from '@insightdesk/shared/context';
import { type Id, idSchema, isId, permissionNames, roles } from '@insightdesk/shared/contract';
import { findConversationCustomerId } from '@insightdesk/shared/domain/desk/conversations';
import { findMember, findPermissionRestriction } from '@insightdesk/shared/domain/identity/users';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { z } from 'zod';

const decisionView = z
  .object({
    allowed: z.boolean(),
    reason: z.string(),
    permission: z.enum(permissionNames),
    userId: idSchema('usr'),
    role: z.enum(roles),
    via: z
      .enum(['built-in', 'custom', 'key'])
      .describe('The source: the built-in role, a custom role, or the permissions of an API key'),
  })
  .meta({ id: 'PermissionDecision' });

const resource = z.union([idSchema('cnv'), idSchema('usr')]);

/** Members with `members:manage` can ask about other members. */
export const explainPermission = defineAction({
  summary: 'Explain whether and why a permission is granted',
  input: z.strictObject({
    permission: z.enum(permissionNames).describe('The permission to explain'),
    resource: resource.optional().describe('The conversation or member to access'),
    userId: idSchema('usr').optional().describe('Another member; requires `members:manage`'),
  }),
  output: decisionView,
  allow: 'account:read',
  allowsProviderSession: true,
  transaction: 'read',
  async run(ctx, { permission, resource: id, userId = ctx.actor.userId }) {
    if (userId !== ctx.actor.userId) requireCan(ctx.actor, 'members:manage');
    const [holder, target] = await Promise.all([findHolder(ctx, userId), requireResource(ctx, id)]);
    const { allowed, reason, via } = decide(holder, permission, target);
    return { allowed, reason, permission, userId, role: holder.role, via };
  },
});

async function findHolder(ctx: MemberTenantContext, userId: Id<'usr'>) {
  if (userId === ctx.actor.userId) return ctx.actor;
  const key = { tenantId: ctx.tenantId, userId };
  const [member, restriction] = await Promise.all([
    findMember(ctx, userId),
    findPermissionRestriction(ctx, key),
  ]);
  if (!member) throw new DomainNotFoundError();
  return { kind: 'user' as const, userId, role: member.role, restriction };
}

/** Throws 404 for a resource that the caller cannot see. */
async function requireResource(ctx: MemberTenantContext, id: Id<'cnv'> | Id<'usr'> | undefined) {
  if (id === undefined) return undefined;
  if (isId('cnv', id)) {
    const customerId = await findConversationCustomerId(ctx, id);
    if (!customerId) throw new DomainNotFoundError();
    return { kind: 'conversation', customerId } satisfies Resource;
  }
  const isVisible = id === ctx.actor.userId || ctx.actor.role !== 'customer';
  const [member, restriction] = await Promise.all([
    findMember(ctx, id),
    findPermissionRestriction(ctx, { tenantId: ctx.tenantId, userId: id }),
  ]);
  if (!member || !isVisible) throw new DomainNotFoundError();
  const { role } = member;
  const permissions = effectivePermissions({ kind: 'user', role, restriction });
  return { kind: 'member', role, permissions } satisfies Resource;
}
