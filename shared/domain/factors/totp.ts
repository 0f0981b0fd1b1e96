import { Secret, TOTP } from 'otpauth';

const STEP_SECONDS = 30;
/** How many steps the clocks may differ. */
const WINDOW = 1;

const rules = { algorithm: 'SHA1', digits: 6, period: STEP_SECONDS } as const;

export const newTotpSecret = () => new Secret({ size: 20 }).base32;

/** What authenticator apps read from a QR code. */
export const totpUrl = (secret: string, label: string, issuer: string) =>
  new TOTP({ ...rules, issuer, label, secret: Secret.fromBase32(secret) }).toString();

/** The step whose code this is, one to either side of now included; undefined for a wrong one. */
export function stepOf(secret: string, code: string, nowMs = Date.now()): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const totp = new TOTP({ ...rules, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token: code, window: WINDOW, timestamp: nowMs });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / STEP_SECONDS) + delta;
}
