/** Identity providers: members sign in where their organisation says, and into that organisation only. */
export { addProvider } from './create-identity-provider.ts';
export { arrive } from './handle-callback.ts';
export { ATTEMPT_SECONDS, CALLBACK_PATH } from './authorization-request.ts';
export { changeProvider } from './update-identity-provider.ts';
export { exchangeArrival } from './exchange-ticket.ts';
export { listProviders } from './list-identity-providers.ts';
export { removeLink } from './unlink-identity.ts';
export { removeProvider } from './delete-identity-provider.ts';
export { renewClientSecrets } from './reencrypt-client-secrets.ts';
export { startLink } from './link-identity.ts';
export { startSignIn } from './start-sign-in.ts';
