import { NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { createCircuitBreaker } from '@insightdesk/shared/promises';
import { span } from '@insightdesk/shared/tracing';
import { checkEmail } from './check-email.ts';
import { isInMailCatcher } from './query-mail-catcher.ts';
import type { Mailer } from './mailer.ts';

export interface SmtpOptions {
  host: string;
  port: number;
  secure: boolean;
  user?: string | undefined;
  password?: string | undefined;
  from: string;
  /** The base address of a maildev-compatible inbox that knows what it has accepted. */
  lookupUrl?: string | undefined;
  /** For a connection, for each silence of the server, and for the inbox; 10 s. */
  timeoutMs?: number;
  /** For one letter altogether, waiting for a free connection included; 60 s. */
  deadlineMs?: number;
  /** After 5 failures in a row letters are refused at once for so long; 10 s. */
  restMs?: number;
}

const FAILURES_IN_A_ROW = 5;
const AWAY = 'MAIL_UNAVAILABLE';

/** Builds a mailer over pooled SMTP connections; every wait has an end. */
export function createMailer(options: SmtpOptions, log?: Logger): Mailer {
  const { from, lookupUrl, timeoutMs = 10_000, deadlineMs = 60_000 } = options;
  let connected: ReturnType<typeof connect> | undefined;
  const transport = () => (connected ??= connect(options, timeoutMs));
  const breaker = createCircuitBreaker({
    name: 'The mail server',
    failures: FAILURES_IN_A_ROW,
    openMs: options.restMs ?? 10_000,
    isFailure: isAboutServer,
    code: AWAY,
    onChange: (isOpen) => log?.warn({ isOpen }, 'email: the mail server rests'),
  });
  return {
    async send({ to, ...email }) {
      checkEmail({ to, ...email });
      const { messageId } = email;
      try {
        // As objects: a string would be parsed, and might be a list.
        const recipient = { to: { name: '', address: to }, ...replyTo(email.replyTo) };
        const signal = AbortSignal.timeout(deadlineMs);
        const letter = { from, ...email, ...recipient, signal };
        await span({ name: 'mail send', kind: 'client' }, () =>
          breaker.run(async () => (await transport()).sendMail(letter)),
        );
        log?.debug({ messageId }, 'email: accepted');
      } catch (cause) {
        if (cause instanceof UnavailableError) throw cause;
        const retryable = !isRefusedForGood(cause);
        const code = isBeforeLetter(cause) ? { code: AWAY } : {};
        log?.warn({ err: cause, messageId, retryable }, 'email: not accepted');
        throw new NetworkError('The mail server did not take a letter', {
          ...code,
          cause,
          retryable,
        });
      }
    },
    async verify() {
      try {
        await (await transport()).verify();
      } catch (cause) {
        throw new NetworkError('The mail server cannot be used', { cause });
      }
    },
    close: () => void connected?.then((open) => open.close()),
    ...(lookupUrl && {
      wasAccepted: (messageId: string) => isInMailCatcher(lookupUrl, messageId, timeoutMs),
    }),
  };
}

/** Loads what it needs with the first letter: most processes send none. */
async function connect({ host, port, secure, user, password }: SmtpOptions, timeoutMs: number) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure,
    pool: true,
    maxConnections: 5,
    // Trying again is the caller's: only it can find out whether the letter has arrived after all.
    maxRequeues: 0,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user && { auth: { user, pass: password ?? '' } }),
  });
}

const replyTo = (address: string | undefined) => address && { replyTo: { name: '', address } };

/** A reply to one letter, yes or no, is a sign of life; a refused login, silence or 421 is not. */
function isAboutServer(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error)) return true;
  return error.responseCode === 421 || ('code' in error && error.code === 'EAUTH');
}

/** It was not reached, or did not let us in; the library calls every end of a connection alike. */
function isBeforeLetter(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  if (error.code === 'EAUTH' || error.code === 'EDNS') return true;
  if ('syscall' in error && error.syscall === 'connect') return true;
  return error.message === 'Connection timeout' || error.message === 'Greeting never received';
}

/** A 5xx reply to the letter is final; one to our login is about the account and may be mended. */
function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof Error) || !('permanent' in error)) return false;
  return error.permanent === true && !('code' in error && error.code === 'EAUTH');
}
