/** Passkeys: sign-in without a password, and a second factor. */
export { createPasskey } from './create-passkey.ts';
export { deletePasskey } from './delete-passkey.ts';
export { getCreationOptions, getRequestOptions } from './get-creation-options.ts';
export { listPasskeys } from './list-passkeys.ts';
export { signInWithPasskey } from './sign-in-with-passkey.ts';
export { updatePasskey } from './update-passkey.ts';
