/** One letter to one person. */
export interface OutgoingEmail {
  /** A bare address: no display name, no list. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** With angle brackets; the same letter always has the same one. */
  messageId: string;
  /** Further headers; those that nodemailer writes itself are refused. */
  headers?: Record<string, string>;
  replyTo?: string;
}

/** Hands letters to the outside world. */
export interface Mailer {
  /**
   * Resolves once accepted. Throws NetworkError, retryable unless refused for good, UnavailableError
   * at once while the mail server keeps failing, and DomainValidationError INVALID_EMAIL for what
   * could become another header or recipient.
   */
  send(email: OutgoingEmail): Promise<void>;
  /** Whether a letter was accepted before; missing where nobody can be asked. */
  wasAccepted?(messageId: string): Promise<boolean>;
  /** Throws NetworkError when the mail server does not answer or refuses our account. */
  verify(): Promise<void>;
  /** Lets letters under way be delivered and takes no more. */
  close(): void;
}
