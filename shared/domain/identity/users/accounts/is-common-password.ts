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
