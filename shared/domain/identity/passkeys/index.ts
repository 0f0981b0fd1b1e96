/** Passkeys: a way in that no password opens, and a second factor by itself. */
export { listPasskeys } from './list-passkeys.ts';
export { offerPasskey } from './offer-passkey.ts';
export { offerSignIn } from './offer-sign-in.ts';
export { registerPasskey } from './register-passkey.ts';
export { removePasskey } from './remove-passkey.ts';
export { renamePasskey } from './rename-passkey.ts';
export { signInByPasskey } from './sign-in-by-passkey.ts';
