import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { revokeSessions } from '@insightdesk/shared/domain/identity/users';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { ProviderErrors } from './errors.ts';
import { identityLinks } from './tables.ts';

/** Unlinks the caller and revokes the sessions that the provider authenticated. */
export const unlinkIdentity = defineAction({
  summary: 'Unlink an identity provider',
  input: z.strictObject({ providerId: idSchema('idp') }),
  output: z.void(),
  allow: 'account:manage',
  transaction: 'write',
  async run(ctx, { providerId }) {
    const { tx, tenantId, actor } = ctx;
    const deleted = await tx
      .delete(identityLinks)
      .where(
        and(
          eq(identityLinks.tenantId, tenantId),
          eq(identityLinks.providerId, providerId),
          eq(identityLinks.userId, actor.userId),
        ),
      )
      .returning({ userId: identityLinks.userId });
    if (deleted.length === 0) throw ProviderErrors.NotLinked();
    await revokeSessions(ctx, { providerId, userId: actor.userId });
  },
});
