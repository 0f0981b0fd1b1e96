import { AccountErrors } from './errors.ts';

/** Throws 422 when a chosen password is one of the user's names or addresses. */
export function rejectWeakPassword(password: string, personalWords: readonly string[]): void {
  const normalize = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  const words = personalWords.flatMap((text) => [text, ...text.split('@')]).map(normalize);
  const candidates = [normalize(password), normalize(password).replace(/\d+$/, '')];
  if (words.some((word) => word !== '' && candidates.includes(word))) {
    throw AccountErrors.WeakPassword('Must not be your own or your organization’s name or address');
  }
}
