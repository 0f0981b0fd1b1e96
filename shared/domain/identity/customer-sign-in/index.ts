/** Sign-in of customers: identity tokens, codes by email, anonymous visitors, sessions by API keys. */
export { requestSignInCode } from './code/request-sign-in-code.ts';
export { digitsOf, findSignInCode } from './code/sign-in-code.ts';
export { verifySignInCode } from './code/verify-sign-in-code.ts';
export { createContactSession } from './create-contact-session.ts';
export { deleteExpired } from './delete-expired.ts';
export * as customerSignInEvents from './events.ts';
export * as customerSignInJobs from './jobs.ts';
export { createIdentityKey, listIdentityKeys, revokeIdentityKey } from './keys/identity-keys.ts';
export { reencryptIdentityKeys } from './keys/reencrypt-identity-keys.ts';
export { signInWithIdentityToken } from './token/sign-in-with-identity-token.ts';
export { createVisitor } from './visitor/create-visitor.ts';
