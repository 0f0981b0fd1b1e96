import type { ByteSource } from '@insightdesk/shared/streams';

/** The result of a scan; `found` is the antivirus's name of the malware. */
export type Verdict = { clean: true } | { clean: false; found: string };

/** Scans files for malware. */
export interface Antivirus {
  /** False without configuration: every file is clean then, and none is read. */
  readonly isEnabled: boolean;
  /**
   * Reads a stored file to its end and scans it. Throws a retryable UnavailableError
   * ANTIVIRUS_UNAVAILABLE when it cannot be scanned (with the mode fail-open the file is clean then,
   * unless the scan was interrupted), DomainValidationError FILE_NOT_SCANNABLE above the size limit in
   * either mode, the signal's reason on abort, and any error of the source.
   */
  scan(source: ByteSource, options?: { signal?: AbortSignal }): Promise<Verdict>;
}
