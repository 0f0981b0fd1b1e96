import { DomainValidationError, UnavailableError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { limitConcurrency } from '@insightdesk/shared/promises';
import type { ByteSource } from '@insightdesk/shared/streams';
import type { Antivirus, Verdict } from './antivirus.ts';
import { createClamd, FileTooLargeToScanError } from './clamd.ts';
import { ScannerError, ScannerConnectionClosedError } from './clamd-connection.ts';

/** The slice of configuration that the antivirus takes. */
export interface AntivirusOptions {
  /** `tcp://host:port` or `unix:///path`; off without one. */
  url: string | undefined;
  /** Whether a file that nobody can judge at the moment waits, or counts as clean. */
  mode: 'fail-closed' | 'fail-open';
  /** No more than clamd's own StreamMaxLength. */
  maxBytes: number;
  /** For connecting; 5 s. */
  connectTimeoutMs?: number;
  /** For each answer and for each piece to be taken; 150 s, for clamd itself may take 120. */
  responseTimeoutMs?: number;
}

/** clamd has ten threads for all who ask. */
const SCANS_AT_A_TIME = 4;

/** Builds the antivirus; connects when it is first asked. */
export function createAntivirus(options: AntivirusOptions, log?: Pick<Logger, 'warn'>): Antivirus {
  const { url, mode, maxBytes, connectTimeoutMs = 5_000, responseTimeoutMs = 150_000 } = options;
  if (url === undefined) return off;
  const scanStream = createClamd({ url, maxBytes, connectTimeoutMs, responseTimeoutMs });
  const turn = limitConcurrency(SCANS_AT_A_TIME);
  return {
    isEnabled: true,
    scan: (source, { signal } = {}) =>
      turn(async () => {
        try {
          return await scanStream(source, signal);
        } catch (error) {
          return judge(error);
        }
      }),
  };

  function judge(error: unknown): Verdict {
    // Who sends a file chooses its length: it must not be the way around the antivirus.
    if (error instanceof FileTooLargeToScanError) throw notScannable(maxBytes);
    if (!(error instanceof ScannerError)) throw error;
    log?.warn({ err: error, mode }, 'antivirus: cannot tell');
    // Who sends a file must not be able to end its examination either: it is looked at again.
    if (mode === 'fail-open' && !(error instanceof ScannerConnectionClosedError)) return { clean: true };
    throw new UnavailableError('Files cannot be checked at the moment, try again shortly', {
      code: 'ANTIVIRUS_UNAVAILABLE',
      cause: error,
    });
  }
}

const notScannable = (maxBytes: number) =>
  new DomainValidationError(`No file of more than ${maxBytes} bytes can be checked`, {
    code: 'FILE_NOT_SCANNABLE',
  });

const off: Antivirus = {
  isEnabled: false,
  async scan(source: ByteSource) {
    if (source instanceof ReadableStream) await source.cancel();
    return { clean: true };
  },
};
