import { TechnicalError } from '@insightdesk/shared/errors';
import { loadExport } from '@insightdesk/shared/files';
import { z } from 'zod';

/** A source of secrets, such as a vault. */
export interface SecretProvider {
  /** Its name in logs. */
  readonly name: string;
  /** Whether a reference such as `vault:secret/desk#jwt` belongs to this provider. */
  supportsSecret(reference: string): boolean;
  /** Throws SecretDeniedError, or an error of this name, when access is refused; any other when there is no answer. */
  getSecret(reference: string): Promise<string>;
}

/** The provider denies access. */
export class SecretDeniedError extends TechnicalError {}

const providerSchema = z.object({
  name: z.string().min(1),
  supportsSecret: z.custom<SecretProvider['supportsSecret']>(
    (value) => typeof value === 'function',
  ),
  getSecret: z.custom<SecretProvider['getSecret']>((value) => typeof value === 'function'),
});

/**
 * Loads the providers of SECRETS_PROVIDERS: a module exports a provider, or a function that gets all
 * variables and returns one. Throws ConfigurationError with the invalid path.
 */
export const loadSecretProviders = (
  paths: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<SecretProvider[]> =>
  Promise.all(
    paths.map((path) =>
      loadExport<SecretProvider>(path, {
        setting: 'SECRETS_PROVIDERS',
        expected: 'a secret provider',
        schema: providerSchema,
        argument: variables,
      }),
    ),
  );
