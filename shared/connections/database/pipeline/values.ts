import type { Parameter } from './pipeline.ts';

/** Converts the text of a value. */
export type Decode = (text: string) => unknown;

const asNumber: Decode = Number;
const asBoolean: Decode = (text) => text === 't';
const asJson: Decode = (text) => JSON.parse(text);
const asText: Decode = (text) => text;
const asBytes: Decode = (text) => Buffer.from(text.slice(2), 'hex');

const decoders: Record<number, Decode> = {
  16: asBoolean,
  17: asBytes,
  20: asText,
  21: asNumber,
  23: asNumber,
  26: asNumber,
  114: asJson,
  700: asNumber,
  701: asNumber,
  3802: asJson,
};

/** Array types and the types of their elements. */
const arrays: Record<number, number> = {
  1000: 16,
  1005: 21,
  1007: 23,
  1009: 25,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1185: 1184,
  2951: 2950,
};

/** The decoder of a type (its oid); other types stay text, like dates and bigints. */
export function decoderOf(type: number): Decode {
  const item = arrays[type];
  if (item === undefined) return decoders[type] ?? asText;
  const decode = decoders[item] ?? asText;
  return (text) => parseArray(text, decode);
}

const elements = /"((?:[^"\\]|\\.)*)"|([^,{}"]+)/g;

function parseArray(text: string, decode: Decode): unknown[] {
  if (text === '{}') return [];
  return Array.from(text.matchAll(elements), ([, quoted, bare]) => {
    if (quoted !== undefined) return decode(quoted.replace(/\\(.)/g, '$1'));
    return bare === 'NULL' ? null : decode(bare as string);
  });
}

/** The text of a parameter; throws for values without an obvious one. */
export function encode(value: unknown): Parameter {
  if (typeof value === 'string' || value === null) return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value);
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`;
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  throw new TypeError(
    `A ${value === undefined ? 'missing value' : typeof value} is not a valid parameter`,
  );
}

function element(value: unknown): string {
  const text = encode(value);
  return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
