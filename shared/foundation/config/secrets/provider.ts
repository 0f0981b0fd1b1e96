import { TechnicalError } from '@insightdesk/shared/errors';

/** A place where secrets are kept, such as a vault. */
export interface SecretProvider {
  /** As it is called in logs. */
  readonly name: string;
  /** Whether this is the place that a reference such as `vault:secret/desk#jwt` speaks of. */
  supportsSecret(reference: string): boolean;
  /** Throws SecretDeniedError when access is refused, TechnicalError when there is no answer. */
  getSecret(reference: string): Promise<string>;
}

/** The place knows us, or does not, and says no. */
export class SecretDeniedError extends TechnicalError {}
