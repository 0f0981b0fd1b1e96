import { Secret, TOTP } from 'otpauth';

/** The code of an authenticator app, `steps` from now; the next one is accepted already. */
export function totpCode(secret: string, steps = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return totp.generate({ timestamp: Date.now() + steps * 30_000 });
}
