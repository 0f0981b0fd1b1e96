import { type Context, defineAction, email } from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { statement } from '@insightdesk/shared/database';
import { organizations, TenantErrors, toOrganization } from '@insightdesk/shared/domain/tenants';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { requireCredentials } from './credentials.ts';
import { UserErrors } from './errors.ts';
import { factorCode } from './factor-fields.ts';
import { signIn } from './sign-in.ts';
import { members } from './tables.ts';
import { signedInView, toUser } from './view.ts';

const memberships = statement({ userId: members.userId }, ({ userId }, q) =>
  q
    .select({ tenantId: members.tenantId, role: members.role })
    .from(members)
    .where(and(eq(members.userId, userId), isNull(members.removedAt)))
    .orderBy(asc(members.createdAt)),
);

const organizationById = statement({ id: organizations.id }, ({ id }, q) =>
  q
    .select({
      id: organizations.id,
      name: organizations.name,
      disabledAt: organizations.disabledAt,
    })
    .from(organizations)
    .where(eq(organizations.id, id)),
);

/** Signs a person in to one of its organisations, unless told the first that is not disabled. */
export const login = defineAction({
  summary: 'Sign in',
  input: z.strictObject({
    email: email(),
    password: z.string().max(200),
    organizationId: idSchema('org').optional(),
    code: factorCode.optional().describe('Of the second factor, if one is set up'),
  }),
  output: signedInView,
  allow: 'anyone',
  async run(ctx, input) {
    const user = await requireCredentials(ctx, input);
    const { organization, role } = await choose(ctx, user.id, input.organizationId);
    const subject = { tenantId: organization.id, userId: user.id, role };
    const pair = await signIn(ctx, subject, { by: 'password', code: input.code });
    return { user: toUser(user), organization: toOrganization(organization), ...pair };
  },
});

async function choose(ctx: Context, userId: Id<'usr'>, wanted: Id<'org'> | undefined) {
  const all = await ctx.database.read({ userId }, (tx) => memberships(tx, { userId }));
  const eligible = all.filter(({ tenantId }) => wanted === undefined || tenantId === wanted);
  for (const { tenantId, role } of eligible) {
    const [organization] = await ctx.database.read({ tenantId }, (tx) =>
      organizationById(tx, { id: tenantId }),
    );
    if (organization?.disabledAt === null) return { organization, role };
  }
  throw eligible.length > 0 ? TenantErrors.Disabled() : UserErrors.InvalidCredentials();
}
