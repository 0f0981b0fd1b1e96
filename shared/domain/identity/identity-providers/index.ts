/** Identity providers: members sign in where their organisation says, and into that organisation only. */
export { createIdentityProvider } from './create-identity-provider.ts';
export { handleCallback } from './handle-callback.ts';
export { AUTHORIZATION_REQUEST_TTL_SECONDS, CALLBACK_PATH } from './authorization-request.ts';
export { updateIdentityProvider } from './update-identity-provider.ts';
export { exchangeTicket } from './exchange-ticket.ts';
export { listIdentityProviders } from './list-identity-providers.ts';
export { unlinkIdentity } from './unlink-identity.ts';
export { deleteIdentityProvider } from './delete-identity-provider.ts';
export { reencryptClientSecrets } from './reencrypt-client-secrets.ts';
export { linkIdentity } from './link-identity.ts';
export { startSignIn } from './start-sign-in.ts';
