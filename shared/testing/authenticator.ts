import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Overrides of the responses of an authenticator. */
export interface AuthenticatorOptions {
  origin?: string;
  host?: string;
  /** User verification, such as by fingerprint or PIN. */
  verified?: boolean;
  counter?: number;
}

interface CredentialOptions {
  challenge: string;
  user?: { id: string };
}

const PRESENT = 0x01;
const VERIFIED = 0x04;
const HAS_KEY = 0x40;

/** A security key in software: ES256, discoverable, attestation `none`. */
export function createAuthenticator(defaults: { origin: string; host: string }) {
  const id = randomBytes(32);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let owner = '';

  function prepareResponse(
    type: string,
    { challenge }: CredentialOptions,
    overrides: AuthenticatorOptions,
  ) {
    const { origin, host, verified = true, counter = 0 } = { ...defaults, ...overrides };
    const clientData = Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
    const authenticatorData = (flags: number) => {
      const count = Buffer.alloc(4);
      count.writeUInt32BE(counter);
      const allFlags = PRESENT | (verified ? VERIFIED : 0) | flags;
      return Buffer.concat([sha256(host), Buffer.from([allFlags]), count]);
    };
    return { clientData, authenticatorData };
  }

  const credential = {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    clientExtensionResults: {},
  };

  return {
    id: credential.id,
    /** The result of `navigator.credentials.create`. */
    create(options: CredentialOptions, overrides: AuthenticatorOptions = {}) {
      owner = options.user?.id ?? '';
      const { clientData, authenticatorData } = prepareResponse(
        'webauthn.create',
        options,
        overrides,
      );
      const length = Buffer.from([0, id.length]);
      const authData = Buffer.concat([
        authenticatorData(HAS_KEY),
        Buffer.alloc(16),
        length,
        id,
        cose(publicKey),
      ]);
      return {
        ...credential,
        response: {
          clientDataJSON: clientData.toString('base64url'),
          attestationObject: attestationOf(authData).toString('base64url'),
          transports: ['internal'],
        },
      };
    },
    /** The result of `navigator.credentials.get`. */
    get(
      options: CredentialOptions,
      overrides: AuthenticatorOptions & { userHandle?: string; key?: KeyObject } = {},
    ) {
      const { clientData, authenticatorData } = prepareResponse('webauthn.get', options, overrides);
      const authData = authenticatorData(0);
      const signed = Buffer.concat([authData, sha256(clientData)]);
      const signature = sign('sha256', signed, overrides.key ?? privateKey);
      return {
        ...credential,
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: signature.toString('base64url'),
          userHandle: overrides.userHandle ?? owner,
        },
      };
    },
  };
}

/** An attestation object without an attestation statement. */
const attestationOf = (authData: Buffer) =>
  cbor(
    new Map<string, Cbor>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ]),
  );

const sha256 = (value: string | Buffer) => createHash('sha256').update(value).digest();

/** RFC 9052: an EC2 key on P-256 for ES256. */
function cose(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = (text: string) => Buffer.from(text, 'base64url');
  return cbor(
    new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, point(x)],
      [-3, point(y)],
    ]),
  );
}

type Cbor = number | string | Buffer | Map<number | string, Cbor>;

/** The subset of RFC 8949 that is needed here. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const pairs = [...value].flatMap(([key, item]) => [cbor(key), cbor(item)]);
  return Buffer.concat([head(5, value.size), ...pairs]);
}

function head(type: number, n: number): Buffer {
  if (n < 24) return Buffer.from([(type << 5) | n]);
  return n < 256
    ? Buffer.from([(type << 5) | 24, n])
    : Buffer.from([(type << 5) | 25, n >> 8, n & 255]);
}
