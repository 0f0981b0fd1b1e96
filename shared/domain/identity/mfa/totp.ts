/** Few sign in with a code at any time, and the library brings a cryptography of its own. */
const otpauth = (): typeof import('otpauth') => require('otpauth');

const STEP_SECONDS = 30;
/** How many steps the clocks may differ. */
const WINDOW = 1;

const rules = { algorithm: 'SHA1', digits: 6, period: STEP_SECONDS } as const;

export const newTotpSecret = () => new (otpauth().Secret)({ size: 20 }).base32;

/** What authenticator apps read from a QR code. */
export const totpUrl = (secret: string, label: string, issuer: string) =>
  totpOf(secret, { issuer, label }).toString();

/** The step whose code this is, one to either side of now included; undefined for a wrong one. */
export function stepOf(secret: string, code: string, nowMs = Date.now()): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = totpOf(secret).validate({ token: code, window: WINDOW, timestamp: nowMs });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / STEP_SECONDS) + delta;
}

function totpOf(secret: string, names: { issuer?: string; label?: string } = {}) {
  const { Secret, TOTP } = otpauth();
  return new TOTP({ ...rules, ...names, secret: Secret.fromBase32(secret) });
}
