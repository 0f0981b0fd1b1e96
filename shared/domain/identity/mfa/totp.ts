/** Loaded on first use, because the library is large and few logins use a code. */
const otpauth = (): typeof import('otpauth') => require('otpauth');

const STEP_SECONDS = 30;
/** Tolerated clock difference. */
const WINDOW_STEPS = 1;

const options = { algorithm: 'SHA1', digits: 6, period: STEP_SECONDS } as const;

export const generateTotpSecret = () => new (otpauth().Secret)({ size: 20 }).base32;

/** The content of the QR code for authenticator apps. */
export const totpUrl = (secret: string, label: string, issuer: string) =>
  createTotp(secret, { issuer, label }).toString();

/** The 30-second step of the code, within one step of now; undefined for a wrong code. */
export function findStep(secret: string, code: string, nowMs = Date.now()): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = createTotp(secret).validate({
    token: code,
    window: WINDOW_STEPS,
    timestamp: nowMs,
  });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / STEP_SECONDS) + delta;
}

function createTotp(secret: string, names: { issuer?: string; label?: string } = {}) {
  const { Secret, TOTP } = otpauth();
  return new TOTP({ ...options, ...names, secret: Secret.fromBase32(secret) });
}
