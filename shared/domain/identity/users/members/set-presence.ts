import { defineAction, readTenant, requireCan } from '@insightdesk/shared/context';
import { idSchema, socketInputs } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireMember } from './find-member.ts';

const presence = socketInputs['presence:set'];
const metadata = z
  .record(z.string(), z.unknown())
  .refine((value) => presence.shape.metadata.safeParse(value).success, {
    error: 'must be at most 1024 bytes of JSON',
  });

/** As `presence:set` on every open socket of the member; sockets that open later are `online`. */
export const setPresence = defineAction({
  summary: 'Set the presence of a member on all open sockets, your own or as a manager',
  input: presence.extend({ userId: idSchema('usr'), metadata: metadata.nullish() }),
  output: z
    .object({ sockets: z.int().describe('Open sockets that show it') })
    .meta({ id: 'PresenceResult' }),
  allow: 'channels:signal',
  transaction: 'own',
  async run(ctx, { userId, status, metadata: shown = null }) {
    if (userId !== ctx.actor.userId) requireCan(ctx.actor, 'members:manage');
    await readTenant(ctx, (tenant) => requireMember(tenant, userId));
    const { tenantId } = ctx;
    return {
      sockets: await ctx.realtime.sockets.setPresence({
        tenantId,
        userId,
        status,
        metadata: shown,
      }),
    };
  },
});
