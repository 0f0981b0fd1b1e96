/** An email to one recipient. */
export interface OutgoingEmail {
  /** A bare address, without display name; no list. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** With angle brackets; a repeated email has the same one. */
  messageId: string;
  /** Additional headers; those that the mailer sets itself are rejected. */
  headers?: Record<string, string>;
  replyTo?: string;
}

/** Sends emails. */
export interface Mailer {
  /**
   * Resolves once the server accepted the email. Throws NetworkError, retryable unless the rejection
   * is permanent, UnavailableError while the circuit breaker is open, and DomainValidationError
   * INVALID_EMAIL for values that could become another header or recipient.
   */
  send(email: OutgoingEmail): Promise<void>;
  /** Whether an email was accepted before; missing where the server cannot be asked. */
  wasAccepted?(messageId: string): Promise<boolean>;
  /** Throws NetworkError when the mail server does not respond or rejects the login. */
  verify(): Promise<void>;
  /** Completes emails in progress and accepts no more. */
  close(): void;
}
