import { isIP } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import { type Diagnostic, diagnose, runCheck } from './diagnostic.ts';

const DAY_MS = 86_400_000;
const WARNING_DAYS = 21;
const ERROR_DAYS = 7;
const TIMEOUT_MS = 5_000;
const RENEW = 'renew the certificate of nginx, and reload it: nginx -s reload';

interface CertificateOptions {
  /** The public address. */
  url: string;
  /** An authority to trust beside the usual ones, as PEM. */
  ca?: string | undefined;
  now?: number;
}

/** Whether browsers trust what nginx shows, and for how long they will. */
export async function checkCertificate(options: CertificateOptions): Promise<Diagnostic[]> {
  const name = 'certificate';
  const { protocol, host } = new URL(options.url);
  if (protocol !== 'https:')
    return [diagnose(name, `${host} is not https`, 'set API_URL or APP_URL to https://…', true)];
  const fix = `let nginx listen at ${host}; if it does, ask again from where it can be reached`;
  const found = await runCheck(name, () => inspect(options), { fix, timeoutMs: TIMEOUT_MS });
  // Many a container cannot reach its own public address.
  return found.map((finding) => (finding.fix === fix ? { ...finding, isWarning: true } : finding));
}

async function inspect({ url, ca, now = Date.now() }: CertificateOptions): Promise<Diagnostic[]> {
  const { certificate, trustError } = await fetchCertificate(new URL(url), ca);
  const until = new Date(certificate.valid_to);
  const days = Math.floor((until.getTime() - now) / DAY_MS);
  const found = `until ${until.toISOString().slice(0, 10)}, ${days} days`;
  const isExpiring = days < WARNING_DAYS;
  const fix = 'use a certificate of this name by an authority that browsers know';
  return [
    diagnose('certificate', found, isExpiring && RENEW, days >= ERROR_DAYS),
    diagnose('certificate trust', trustError ?? 'trusted', trustError && fix),
  ];
}

function fetchCertificate({ hostname, port }: URL, ca: string | undefined) {
  const host = hostname.replace(/^\[|\]$/g, '');
  type Presented = { certificate: PeerCertificate; trustError: string | undefined };
  const { promise, resolve, reject } = Promise.withResolvers<Presented>();
  const socket = connect({
    host,
    port: Number(port || 443),
    // What is not trusted is looked at too, and told.
    rejectUnauthorized: false,
    ...(!isIP(host) && { servername: host }),
    ...(ca && { ca }),
  });
  socket.setTimeout(TIMEOUT_MS - 500, () => reject(new Error(`${host} is silent`)));
  socket.on('error', reject);
  socket.on('secureConnect', () => {
    const trustError = socket.authorized ? undefined : String(socket.authorizationError);
    resolve({ certificate: socket.getPeerCertificate(), trustError });
  });
  return promise.finally(() => socket.destroy());
}
