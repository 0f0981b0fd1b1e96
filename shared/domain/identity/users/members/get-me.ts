import { defineAction, effectivePermissions } from '@insightdesk/shared/context';
import { permissionNames, roles } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import {
  organizations,
  organizationView,
  toOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { ownUserView, toOwnUser } from '../accounts/view.ts';
import { users } from '../tables.ts';
import { MemberErrors } from './errors.ts';

const selectMe = statement(
  { tenantId: organizations.id, userId: users.id },
  ({ tenantId, userId }, q) =>
    q
      .select({ user: users, organization: organizations })
      .from(users)
      .innerJoin(organizations, eq(organizations.id, tenantId))
      .where(eq(users.id, userId)),
);

export const getMe = defineAction({
  summary: 'Get the authenticated user',
  input: z.strictObject({}),
  output: z
    .object({
      user: ownUserView,
      organization: organizationView,
      role: z.enum(roles),
      permissions: z.array(z.enum(permissionNames)),
    })
    .meta({ id: 'Me' }),
  allow: 'account:read',
  allowsProviderSession: true,
  transaction: 'read',
  async run({ tx, tenantId, actor }) {
    const [row] = await selectMe(tx, { tenantId, userId: actor.userId });
    if (!row) throw MemberErrors.NotFound();
    return {
      user: toOwnUser(row.user),
      organization: toOrganization(row.organization),
      role: actor.role,
      permissions: [...effectivePermissions(actor)],
    };
  },
});
