import { TechnicalError } from '@insightdesk/shared/errors';

/** A source of secrets, such as a vault. */
export interface SecretProvider {
  /** Its name in logs. */
  readonly name: string;
  /** Whether a reference such as `vault:secret/desk#jwt` belongs to this provider. */
  supportsSecret(reference: string): boolean;
  /** Throws SecretDeniedError when access is refused, TechnicalError when there is no answer. */
  getSecret(reference: string): Promise<string>;
}

/** The provider denies access. */
export class SecretDeniedError extends TechnicalError {}
