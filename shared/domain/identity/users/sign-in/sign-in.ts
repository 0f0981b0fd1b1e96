import type { Context } from '@insightdesk/shared/context';
import type { Role } from '@insightdesk/shared/contract';
import { organizationView, toOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { toUser, type UserRow, userView } from '../accounts/view.ts';
import { createSession, type SessionAuthentication } from '../sessions/create-session.ts';
import { tokenPairView } from '../sessions/view.ts';

export const signedInView = z
  .object({
    user: userView,
    organization: organizationView,
    ...tokenPairView.shape,
  })
  .meta({ id: 'SignedIn' });

interface SignIn extends SessionAuthentication {
  user: UserRow;
  organization: z.output<typeof organizationView>;
  role: Role;
  isContact?: boolean;
}

/** Creates a session of a member. */
export async function signIn(ctx: Context, { user, organization, ...member }: SignIn) {
  const subject = { tenantId: organization.id, userId: user.id, ...member };
  const pair = await createSession(ctx, subject);
  return { user: toUser(user), organization: toOrganization(organization), ...pair };
}
