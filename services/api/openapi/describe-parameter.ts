import type { Json } from './schemas.ts';

/** What an id prefix identifies, where the parameter itself has no description. */
const nouns: Readonly<Record<string, string>> = {
  att: 'the attachment',
  cmp: 'the company',
  cnv: 'the conversation',
  evt: 'the event',
  exp: 'the export',
  idk: 'the identity key',
  idp: 'the identity provider',
  inv: 'the invitation',
  key: 'the API key',
  msg: 'the message',
  org: 'the organization',
  pky: 'the passkey',
  rol: 'the role',
  ses: 'the session',
  usr: 'the user',
  whk: 'the webhook',
};

const texts: Readonly<Record<string, string>> = {
  limit: 'Items per page',
  cursor: '`nextCursor` of the page before; without it, the first page',
  token: 'The token of the emailed link',
};

/** The description of a parameter that occurs in many routes; others have `.describe('…')` in their action. */
export function describeParameter(name: string, { pattern }: Json): string | undefined {
  const prefix = /^\^([a-z]{3})_\[0-7\]/.exec(String(pattern))?.[1];
  const noun = prefix && nouns[prefix];
  return texts[name] ?? (noun && `Id of ${noun}`);
}
