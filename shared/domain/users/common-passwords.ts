import { dictionary } from '@zxcvbn-ts/language-common';

const SHORTEST = 8;
let common: ReadonlySet<string> | undefined;

/** Whether many people chose this one: zxcvbn's list of passwords from breaches, any spelling. */
export function isCommonPassword(password: string): boolean {
  common ??= new Set(dictionary['passwords-common'].filter((one) => one.length >= SHORTEST));
  return common.has(password.toLowerCase());
}
