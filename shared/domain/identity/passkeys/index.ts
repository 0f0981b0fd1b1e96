/** Passkeys: a way in that no password opens, and a second factor by itself. */
export { listPasskeys } from './list-passkeys.ts';
export { offerPasskey } from './get-creation-options.ts';
export { offerSignIn } from './get-request-options.ts';
export { registerPasskey } from './create-passkey.ts';
export { removePasskey } from './delete-passkey.ts';
export { renamePasskey } from './update-passkey.ts';
export { signInByPasskey } from './sign-in-with-passkey.ts';
