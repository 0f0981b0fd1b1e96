/** Email: the mailer contract, SMTP, an HTML layout, and a fake for tests. */

export { checkMailServer } from './check-mail-server.ts';
export type { Mailer, OutgoingEmail } from './mailer.ts';
export { MemoryMailer } from './memory-mailer.ts';
export { type EmailContent, renderEmail } from './render-email.ts';
export { createMailer } from './smtp-mailer.ts';
