import { z } from 'zod';
import { AccountErrors } from './errors.ts';

/** A password that a user chooses. */
export const newPassword = z
  .string()
  .min(8)
  .max(200)
  .refine((password) => !isCommonPassword(password), 'Too common; choose another password');

/** Six digits from an authenticator app, or a recovery code. */
export const twoFactorCode = z.string().min(6).max(20);

/** A password that a user already has. */
export const currentPassword = z.string().max(200);

const MIN_LENGTH = 8;
let common: ReadonlySet<string> | undefined;

/** Whether zxcvbn lists the password among those from breaches; case is ignored. */
export function isCommonPassword(password: string): boolean {
  common ??= new Set(commonPasswords().filter((word) => word.length >= MIN_LENGTH));
  return common.has(password.toLowerCase());
}

/** Loaded on first use: the list is large, and most processes never check a new password. */
function commonPasswords(): string[] {
  const { dictionary }: typeof import('@zxcvbn-ts/language-common') =
    require('@zxcvbn-ts/language-common');
  return dictionary['passwords-common'];
}

/** Throws 422 when a chosen password is one of the user's names or addresses. */
export function rejectWeakPassword(password: string, personalWords: readonly string[]): void {
  const normalize = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  const words = personalWords.flatMap((text) => [text, ...text.split('@')]).map(normalize);
  const candidates = [normalize(password), normalize(password).replace(/\d+$/, '')];
  if (words.some((word) => word !== '' && candidates.includes(word))) {
    throw AccountErrors.WeakPassword('Must not be your own or your organization’s name or address');
  }
}
