import { checkEmail } from './check-email.ts';
import type { Mailer, OutgoingEmail } from './mailer.ts';

/** Stores emails instead of sending them; for tests. */
export class MemoryMailer implements Mailer {
  readonly sent: OutgoingEmail[] = [];

  async send(email: OutgoingEmail): Promise<void> {
    checkEmail(email);
    this.sent.push(email);
  }

  async wasAccepted(messageId: string): Promise<boolean> {
    return this.sent.some((email) => email.messageId === messageId);
  }

  async verify(): Promise<void> {}

  close(): void {}
}
