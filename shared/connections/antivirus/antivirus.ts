import type { ByteSource } from '@insightdesk/shared/streams';

/** What the antivirus says of a file; `found` is its name for what is in it. */
export type Verdict = { clean: true } | { clean: false; found: string };

/** Looks into files for what harms those who open them. */
export interface Antivirus {
  /** False where none is configured: then every file is clean, and none is read. */
  readonly isEnabled: boolean;
  /**
   * Reads what is stored to its end and judges it. Throws a retryable UnavailableError
   * ANTIVIRUS_UNAVAILABLE when it cannot be told (where the mode is fail-open the file is clean
   * then, unless the examination was cut off), DomainValidationError FILE_NOT_SCANNABLE beyond what is scanned in either mode, the
   * signal's reason on abort, and whatever the source fails with.
   */
  scan(source: ByteSource, options?: { signal?: AbortSignal }): Promise<Verdict>;
}
