import { NetworkError } from './errors.ts';

/** Codes of Node and Bun, such as `CERT_HAS_EXPIRED` and `SELF_SIGNED_CERT_IN_CHAIN`. */
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;
const MAX_CAUSES = 4;

interface Failure {
  /** The method and the route. */
  name: string;
  url: string;
  timeoutMs: number;
}

/** Creates the error of a request whose `fetch` failed, with the reason where it can be known. */
export function toNetworkError(cause: unknown, failure: Failure): NetworkError {
  const { name, url, timeoutMs } = failure;
  const create = (reason: NetworkError['reason'], text: string) =>
    new NetworkError(`${name}: ${text}`, { reason, cause });
  if ((cause as Error | undefined)?.name === 'TimeoutError') {
    return create('timeout', `no response within ${timeoutMs / 1_000} s`);
  }
  const code = findCertificateCode(cause);
  if (code) return create('certificate', certificateText(originOf(url), code));
  const page = globalThis as { location?: { origin: string }; navigator?: { onLine?: boolean } };
  const pageOrigin = page.location?.origin;
  const isOffline = page.navigator?.onLine === false;
  if (pageOrigin && pageOrigin !== originOf(url) && cause instanceof TypeError && !isOffline) {
    return create('cross-origin', crossOriginText(originOf(url), pageOrigin));
  }
  return create('unreachable', 'no response');
}

/** Browsers do not say more than that a request failed. */
const crossOriginText = (origin: string, pageOrigin: string) =>
  `no response of ${origin} that ${pageOrigin} may read. Either the server is not reachable, ` +
  `or CORS_ORIGINS of the server does not contain ${pageOrigin}, ` +
  'or the browser does not trust its certificate';

function certificateText(origin: string, code: string): string {
  if (code.includes('EXPIRED')) return `the certificate of ${origin} has expired (${code})`;
  if (code.includes('ALTNAME')) {
    return `the certificate of ${origin} is for another host name (${code})`;
  }
  return (
    `the certificate of ${origin} is not trusted (${code}). If its issuer is your own, ` +
    'start the process with NODE_EXTRA_CA_CERTS=<file with the certificate of the issuer>'
  );
}

/** The code of the error or of one of its causes: Node wraps it, Bun does not. */
function findCertificateCode(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    const { code, cause }: { code?: unknown; cause?: unknown } = current;
    if (typeof code === 'string' && CERTIFICATE_CODE.test(code)) return code;
    current = cause;
  }
  return undefined;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
