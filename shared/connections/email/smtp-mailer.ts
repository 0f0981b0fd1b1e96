import { NetworkError, UnavailableError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { createCircuitBreaker } from '@insightdesk/shared/promises';
import { withSpan } from '@insightdesk/shared/tracing';
import { checkEmail } from './check-email.ts';
import type { Mailer } from './mailer.ts';
import { isInMailCatcher } from './query-mail-catcher.ts';

export interface SmtpOptions {
  host: string;
  port: number;
  secure: boolean;
  user?: string | undefined;
  password?: string | undefined;
  from: string;
  /** Base URL of a maildev-compatible mail catcher, which can be asked for accepted emails. */
  lookupUrl?: string | undefined;
  /** For connecting, for each response, and for the mail catcher; 10 s by default. */
  timeoutMs?: number;
  /** For one email, including the wait for a free connection; 60 s by default. */
  deadlineMs?: number;
  /** How long the circuit breaker rejects emails after 5 failures in a row; 10 s by default. */
  circuitOpenMs?: number;
}

const MAX_FAILURES_IN_A_ROW = 5;
const UNAVAILABLE = 'MAIL_UNAVAILABLE';

/**
 * Creates a mailer with pooled SMTP connections and timeouts for every wait. A function returns the
 * current options: with another object, the next email opens new connections.
 */
export function createMailer(options: SmtpOptions | (() => SmtpOptions), log?: Logger): Mailer {
  const current = typeof options === 'function' ? options : () => options;
  const { lookupUrl, timeoutMs = 10_000, deadlineMs = 60_000, circuitOpenMs = 10_000 } = current();
  let connected: { with: SmtpOptions; transport: ReturnType<typeof connect> } | undefined;
  // Emails in progress are completed.
  const disconnect = () => void connected?.transport.then((open) => open.close());
  function transport() {
    const settings = current();
    if (connected?.with !== settings) {
      disconnect();
      connected = { with: settings, transport: connect(settings, timeoutMs) };
    }
    return connected.transport;
  }
  const breaker = createCircuitBreaker({
    name: 'The mail server',
    failures: MAX_FAILURES_IN_A_ROW,
    openMs: circuitOpenMs,
    isFailure: isServerFailure,
    code: UNAVAILABLE,
    onChange: (isOpen) => log?.info({ isOpen }, 'email: circuit breaker changed'),
  });
  return {
    async send({ to, ...email }) {
      checkEmail({ to, ...email });
      const { messageId } = email;
      try {
        // As objects, because nodemailer would parse a string as a list of recipients.
        const recipient = { to: { name: '', address: to }, ...replyTo(email.replyTo) };
        const signal = AbortSignal.timeout(deadlineMs);
        const mail = { from: current().from, ...email, ...recipient, signal };
        await withSpan({ name: 'mail send', kind: 'client' }, () =>
          breaker.run(async () => (await transport()).sendMail(mail)),
        );
        log?.debug({ messageId }, 'email: accepted');
      } catch (cause) {
        if (cause instanceof UnavailableError) throw cause;
        const retryable = !isPermanentRejection(cause);
        const code = isConnectionFailure(cause) ? { code: UNAVAILABLE } : {};
        throw new NetworkError('The mail server did not accept an email', {
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
        throw new NetworkError('The mail server is not usable', { cause });
      }
    },
    close: disconnect,
    ...(lookupUrl && {
      wasAccepted: (messageId: string) => isInMailCatcher(lookupUrl, messageId, timeoutMs),
    }),
  };
}

/** Loads nodemailer with the first email, because most processes send none. */
async function connect({ host, port, secure, user, password }: SmtpOptions, timeoutMs: number) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure,
    pool: true,
    maxConnections: 5,
    // The caller retries: only it can check whether the email was accepted before.
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

/** A response to one email shows that the server works; a rejected login, a timeout and 421 do not. */
function isServerFailure(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error)) return true;
  return error.responseCode === 421 || ('code' in error && error.code === 'EAUTH');
}

/** Not reached, or the login was rejected; nodemailer has one code for all lost connections. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  if (error.code === 'EAUTH' || error.code === 'EDNS') return true;
  if ('syscall' in error && error.syscall === 'connect') return true;
  return error.message === 'Connection timeout' || error.message === 'Greeting never received';
}

/** A 5xx response to an email is permanent; one to the login is not, because the account may be fixed. */
function isPermanentRejection(error: unknown): boolean {
  if (!(error instanceof Error) || !('permanent' in error)) return false;
  return error.permanent === true && !('code' in error && error.code === 'EAUTH');
}
