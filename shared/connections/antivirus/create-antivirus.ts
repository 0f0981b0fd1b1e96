import { DomainValidationError, UnavailableError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { limitConcurrency } from '@insightdesk/shared/promises';
import type { ByteSource } from '@insightdesk/shared/streams';
import type { Antivirus, Verdict } from './antivirus.ts';
import { createClamd, FileTooLargeToScanError } from './clamd.ts';
import { ScannerConnectionClosedError, ScannerError } from './clamd-connection.ts';

/** The slice of configuration that the antivirus takes. */
export interface AntivirusOptions {
  /** `tcp://host:port` or `unix:///path`; disabled without one. */
  url: string | undefined;
  /** Whether a file that cannot be scanned waits or counts as clean. */
  mode: 'fail-closed' | 'fail-open';
  /** At most clamd's StreamMaxLength. */
  maxBytes: number;
  /** 5 s by default. */
  connectTimeoutMs?: number;
  /** For each chunk and for the response; 150 s by default, because clamd may take 120 s. */
  responseTimeoutMs?: number;
}

/** clamd has ten threads for all clients. */
const MAX_CONCURRENT_SCANS = 4;

/** Connects with the first scan. */
export function createAntivirus(options: AntivirusOptions, log?: Pick<Logger, 'warn'>): Antivirus {
  const { url, mode, maxBytes, connectTimeoutMs = 5_000, responseTimeoutMs = 150_000 } = options;
  if (url === undefined) return disabled;
  const scanStream = createClamd({ url, maxBytes, connectTimeoutMs, responseTimeoutMs });
  const withSlot = limitConcurrency(MAX_CONCURRENT_SCANS);
  return {
    isEnabled: true,
    scan: (source, { signal } = {}) =>
      withSlot(async () => {
        try {
          return await scanStream(source, signal);
        } catch (error) {
          return handleFailure(error);
        }
      }),
  };

  function handleFailure(error: unknown): Verdict {
    // The sender chooses the size of a file: a large file must not bypass the antivirus.
    if (error instanceof FileTooLargeToScanError) throw notScannable(maxBytes);
    if (!(error instanceof ScannerError)) throw error;
    log?.warn({ err: error, mode }, 'antivirus: scan failed');
    // Nor may a file bypass it by crashing clamd: it is scanned again.
    if (mode === 'fail-open' && !(error instanceof ScannerConnectionClosedError)) {
      return { clean: true };
    }
    throw new UnavailableError('Files cannot be scanned at the moment, try again later', {
      code: 'ANTIVIRUS_UNAVAILABLE',
      cause: error,
    });
  }
}

const notScannable = (maxBytes: number) =>
  new DomainValidationError(`Files of more than ${maxBytes} bytes cannot be scanned`, {
    code: 'FILE_NOT_SCANNABLE',
  });

const disabled: Antivirus = {
  isEnabled: false,
  async scan(source: ByteSource) {
    if (source instanceof ReadableStream) await source.cancel();
    return { clean: true };
  },
};
