import { createPublicKey, type KeyObject } from 'node:crypto';
import type { z } from 'zod';
import { IdentityKeyErrors } from '../errors.ts';
import { publicKeyView } from '../view.ts';

/** A public key as PEM (SPKI) or as a JWK. */
type GivenPublicKey = string | Record<string, unknown>;

const PEM = /^\s*-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/;

/** The Ed25519 public key as a JWK; throws 422 for any other key, also for a private one. */
export function readPublicKey(given: GivenPublicKey): z.output<typeof publicKeyView> {
  if (typeof given !== 'string' && 'd' in given) {
    throw IdentityKeyErrors.InvalidPublicKey('Must not be a private key; replace that key');
  }
  const parsed = publicKeyView.safeParse(exportJwk(given));
  if (parsed.success) return parsed.data;
  throw IdentityKeyErrors.InvalidPublicKey(
    'Must be an Ed25519 public key, as PEM (BEGIN PUBLIC KEY) or as a JWK',
  );
}

function exportJwk(given: GivenPublicKey): unknown {
  try {
    return toKeyObject(given)?.export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}

function toKeyObject(given: GivenPublicKey): KeyObject | undefined {
  if (typeof given === 'string') return PEM.test(given) ? createPublicKey(given) : undefined;
  return createPublicKey({ key: given, format: 'jwk' });
}
