import { defineAction, singleLine } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';
import { PasskeyErrors } from './errors.ts';
import { passkeyView, toPasskey } from './view.ts';

export const updatePasskey = defineAction({
  summary: 'Rename a passkey',
  input: z.strictObject({ id: idSchema('pky'), name: singleLine(100) }),
  output: passkeyView,
  allow: 'account:manage',
  transaction: 'write',
  async run({ tx, actor }, { id, name }) {
    const [row] = await tx
      .update(passkeys)
      .set({ name })
      .where(matches(passkeys, { userId: actor.userId, id }))
      .returning();
    if (!row) throw PasskeyErrors.NotFound();
    return toPasskey(row);
  },
});
