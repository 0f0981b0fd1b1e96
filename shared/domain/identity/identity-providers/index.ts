/** Identity providers: members sign in to one organization with OpenID Connect. */
export { AUTHORIZATION_REQUEST_TTL_SECONDS, CALLBACK_PATH } from './authorization-request.ts';
export { createIdentityProvider } from './create-identity-provider.ts';
export { deleteIdentityProvider } from './delete-identity-provider.ts';
export { exchangeTicket } from './exchange-ticket.ts';
export { handleCallback } from './handle-callback.ts';
export { linkIdentity, unlinkIdentity } from './link-identity.ts';
export { listIdentityProviders } from './list-identity-providers.ts';
export { reencryptClientSecrets } from './reencrypt-client-secrets.ts';
export { startSignIn } from './start-sign-in.ts';
export { updateIdentityProvider } from './update-identity-provider.ts';
