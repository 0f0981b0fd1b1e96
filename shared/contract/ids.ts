/** The id prefix of every resource; a new resource adds one line here and nowhere else. */
interface IdPrefixes {
  apiKey: 'key';
  attachment: 'att';
  calendar: 'cal';
  company: 'cmp';
  conversation: 'cnv';
  document: 'doc';
  emailLink: 'lnk';
  event: 'evt';
  export: 'exp';
  identityKey: 'idk';
  identityProvider: 'idp';
  invitation: 'inv';
  message: 'msg';
  organization: 'org';
  passkey: 'pky';
  role: 'rol';
  secondFactor: 'fac';
  session: 'ses';
  signInCode: 'sic';
  site: 'sit';
  task: 'tsk';
  user: 'usr';
  voiceSession: 'voi';
  webhook: 'whk';
}

export type IdPrefix = IdPrefixes[keyof IdPrefixes];

/** A TypeID such as `cnv_01h2xcejqtf2nbrexx3vqjhp41`; sorts by time of creation. */
export type Id<P extends IdPrefix = IdPrefix> = `${P}_${string}`;

/** The part after the prefix: 128 bits in Crockford's base32, lower case. */
const suffix = '[0-7][0-9a-hjkmnp-tv-z]{25}';
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const SUFFIX_LENGTH = 26;
const hexOf = [...'0123456789abcdef'];

const valueAt = new Uint8Array(128);
for (const [value, char] of [...alphabet].entries()) valueAt[char.charCodeAt(0)] = value;

const patterns = new Map<IdPrefix, RegExp>();

/** Matches exactly the ids with this prefix. */
export function idPattern(prefix: IdPrefix): RegExp {
  const cached = patterns.get(prefix);
  if (cached) return cached;
  const pattern = new RegExp(`^${prefix}_${suffix}$`);
  patterns.set(prefix, pattern);
  return pattern;
}

/** Whether a value is a valid id with this prefix. */
export function isId<P extends IdPrefix>(prefix: P, value: unknown): value is Id<P> {
  return typeof value === 'string' && idPattern(prefix).test(value);
}

/** Two characters for each value of ten bits. */
const pairs = [...alphabet].flatMap((high) => [...alphabet].map((low) => high + low));

/**
 * The id of a uuid, with or without dashes: 130 bits in 26 characters, the first two bits are zero
 * (https://github.com/jetify-com/typeid/tree/main/spec).
 */
export function fromUuid<P extends IdPrefix>(prefix: P, text: string): Id<P> {
  const uuid =
    text.length === 32 ? text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : text;
  const first = pairs[(digit(uuid, 0) << 4) | digit(uuid, 1)];
  const start = encode20Bits(uuid, 2, 3, 4, 5, 6) + encode20Bits(uuid, 7, 9, 10, 11, 12);
  const middle = encode20Bits(uuid, 14, 15, 16, 17, 19) + encode20Bits(uuid, 20, 21, 22, 24, 25);
  const end = encode20Bits(uuid, 26, 27, 28, 29, 30) + encode20Bits(uuid, 31, 32, 33, 34, 35);
  return `${prefix}_${first}${start}${middle}${end}`;
}

function digit(uuid: string, index: number): number {
  const code = uuid.charCodeAt(index);
  return code < 58 ? code - 48 : (code & 7) + 9;
}

/** Five digits at these indexes of a uuid are four characters. */
function encode20Bits(uuid: string, a: number, b: number, c: number, d: number, e: number): string {
  const high = (digit(uuid, a) << 16) | (digit(uuid, b) << 12) | (digit(uuid, c) << 8);
  const bits = high | (digit(uuid, d) << 4) | digit(uuid, e);
  return `${pairs[bits >> 10]}${pairs[bits & 1023]}`;
}

const anyId = new RegExp(`^[a-z]{3}_${suffix}$`);
const dashAfter = new Set([8, 12, 16, 20]);

/** The uuid of an id; throws when it is invalid. */
export function toUuid(id: Id): string {
  if (!anyId.test(id)) throw new TypeError(`Invalid id ${id}`);
  let uuid = '';
  let bits = 0;
  let pendingBits = -2;
  let digits = 0;
  for (let i = id.length - SUFFIX_LENGTH; i < id.length; i++) {
    bits = ((bits << 5) | (valueAt[id.charCodeAt(i)] as number)) & 0x1ff;
    pendingBits += 5;
    while (pendingBits >= 4) {
      pendingBits -= 4;
      if (dashAfter.has(digits)) uuid += '-';
      uuid += hexOf[(bits >> pendingBits) & 15];
      digits++;
    }
  }
  return uuid;
}
