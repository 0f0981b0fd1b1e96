import { ForbiddenError } from '@insightdesk/shared/errors';

export const SignInErrors = {
  ProviderSession: () =>
    new ForbiddenError(
      'A session of an identity provider is limited to its organisation; sign in with a password',
      { code: 'PROVIDER_SESSION' },
    ),
};
