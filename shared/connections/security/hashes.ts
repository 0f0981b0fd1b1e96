import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** SHA-256 in hex. */
export const sha256 = (value: string | Uint8Array): string =>
  createHash('sha256').update(value).digest('hex');

/** HMAC-SHA-256, raw. */
export const hmacSha256 = (secret: string, value: string): Buffer =>
  createHmac('sha256', secret).update(value).digest();

/** Compares in constant time; false for different lengths. */
export const safeEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);
