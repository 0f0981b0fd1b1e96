import { ForbiddenError } from '@insightdesk/shared/errors';

export const SignInErrors = {
  ProviderSession: () =>
    new ForbiddenError(
      'A session of an identity provider is limited to its organization; sign in with a password',
      { code: 'PROVIDER_SESSION' },
    ),
};
