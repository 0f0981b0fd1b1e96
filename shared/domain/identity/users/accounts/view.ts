import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';

export const userView = z
  .object({ id: idSchema('usr'), email: z.string(), name: z.string() })
  .meta({ id: 'User' });

export const ownUserView = z
  .object({ ...userView.shape, emailVerified: z.boolean() })
  .meta({ id: 'OwnUser' });

export type UserRow = z.output<typeof userView>;

/** A user as members see them. */
export const toUser = ({ id, email, name }: UserRow) => ({ id, email, name });

/** A user as they see themselves. */
export const toOwnUser = (row: UserRow & { emailVerifiedAt: Date | null }) => ({
  ...toUser(row),
  emailVerified: row.emailVerifiedAt !== null,
});
