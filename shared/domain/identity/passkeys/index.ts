/** Passkeys: a way in that no password opens, and a second factor by itself. */
export { listPasskeys } from './list-passkeys.ts';
export { getCreationOptions } from './get-creation-options.ts';
export { getRequestOptions } from './get-request-options.ts';
export { createPasskey } from './create-passkey.ts';
export { deletePasskey } from './delete-passkey.ts';
export { updatePasskey } from './update-passkey.ts';
export { signInWithPasskey } from './sign-in-with-passkey.ts';
