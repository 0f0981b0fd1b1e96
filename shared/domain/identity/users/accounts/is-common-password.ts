const SHORTEST = 8;
let common: ReadonlySet<string> | undefined;

/** Whether many people chose this one: zxcvbn's list of passwords from breaches, any spelling. */
export function isCommonPassword(password: string): boolean {
  common ??= new Set(commonPasswords().filter((one) => one.length >= SHORTEST));
  return common.has(password.toLowerCase());
}

/** Most processes never see a new password, and the list is big. */
function commonPasswords(): string[] {
  const { dictionary }: typeof import('@zxcvbn-ts/language-common') =
    require('@zxcvbn-ts/language-common');
  return dictionary['passwords-common'];
}
