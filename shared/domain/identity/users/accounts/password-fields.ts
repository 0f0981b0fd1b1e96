import { z } from 'zod';
import { isCommonPassword } from './is-common-password.ts';

/** A password that a user chooses. */
export const newPassword = z
  .string()
  .min(8)
  .max(200)
  .refine((password) => !isCommonPassword(password), 'Too common; choose another password');

/** A password that a user already has. */
export const currentPassword = z.string().max(200);
