/** Identity providers: members sign in where their organisation says, and into that organisation only. */
export { addProvider } from './add-provider.ts';
export { arrive } from './arrive.ts';
export { ATTEMPT_SECONDS, CALLBACK_PATH } from './attempt.ts';
export { changeProvider } from './change-provider.ts';
export { exchangeArrival } from './exchange-arrival.ts';
export { listProviders } from './list-providers.ts';
export { removeLink } from './remove-link.ts';
export { removeProvider } from './remove-provider.ts';
export { renewClientSecrets } from './renew-client-secrets.ts';
export { startLink } from './start-link.ts';
export { startSignIn } from './start-sign-in.ts';
