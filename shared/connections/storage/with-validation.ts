import { DomainValidationError, PayloadTooLargeError } from '@insightdesk/shared/errors';
import { literalStart, matchesGlob } from './glob.ts';
import type { ListedFile, SignUploadOptions, StorageProvider } from './storage-provider.ts';

const MAX_KEY_LENGTH = 512;
const segment = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,200}$/;
const MAX_EXPIRY_SECONDS = 7 * 24 * 60 * 60;
const patternText = /^[a-zA-Z0-9._/*?-]{0,512}$/;
const mediaType = /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=("[\w .:+-]*"|[\w.:+-]+))*$/;
const partialSegment = /^[a-zA-Z0-9._-]{0,200}$/;

/** Returns a valid key; throws DomainValidationError INVALID_KEY for any other, such as one with `..`. */
export function requireKey(key: string): string {
  if (key.length > MAX_KEY_LENGTH || !key.split('/').every((part) => segment.test(part))) {
    throw invalid('A storage key');
  }
  return key;
}

function requirePrefix(prefix: string): string {
  const folders = prefix.split('/');
  const start = folders.pop() ?? '';
  const valid = partialSegment.test(start) && folders.every((part) => segment.test(part));
  if (prefix.length > MAX_KEY_LENGTH || !valid) throw invalid('A storage prefix');
  return prefix;
}

function invalid(subject: string) {
  const rule = `has at most ${MAX_KEY_LENGTH} of a-z A-Z 0-9 . _ - in segments joined by /`;
  return new DomainValidationError(`${subject} ${rule}`, { code: 'INVALID_KEY' });
}

/** Adds the validation of keys, patterns, sizes and signing options to the current provider. */
export function withValidation(
  provider: () => StorageProvider,
  { maxFileBytes }: { maxFileBytes: number },
): StorageProvider {
  return {
    upload: async (key, source, options) => {
      const maxBytes = Math.min(options.maxBytes ?? maxFileBytes, maxFileBytes);
      return provider().upload(requireKey(key), source, { ...options, maxBytes });
    },
    download: async (key, options) => provider().download(requireKey(key), options),
    metadata: async (key) => provider().metadata(requireKey(key)),
    exists: async (key) => provider().exists(requireKey(key)),
    list: (prefix, { pattern } = {}) =>
      pattern === undefined
        ? provider().list(requirePrefix(prefix))
        : listMatching(provider(), requirePrefix(prefix), requirePattern(pattern)),
    copy: async (from, to) => provider().copy(requireKey(from), requireKey(to)),
    delete: async (key) => provider().delete(requireKey(key)),
    signDownload: async (key, options) => {
      requireSignable(options);
      return provider().signDownload(requireKey(key), options);
    },
    signUpload: async (key, options) => {
      requireSignable(options);
      const { sizeBytes, maxBytes = maxFileBytes } = options;
      if (sizeBytes !== undefined && sizeBytes > maxFileBytes) throw tooLarge(maxFileBytes);
      const bounded = { ...options, maxBytes: Math.min(maxBytes, maxFileBytes) };
      return provider().signUpload(requireKey(key), bounded);
    },
  };
}

async function* listMatching(
  provider: StorageProvider,
  prefix: string,
  pattern: string,
): AsyncGenerator<ListedFile> {
  for await (const file of provider.list(requirePrefix(prefix + literalStart(pattern)))) {
    if (matchesGlob(file.key.slice(prefix.length), pattern)) yield file;
  }
}

function requirePattern(pattern: string): string {
  if (!patternText.test(pattern)) throw invalid('A storage pattern');
  return pattern;
}

function requireSignable({ expiresInSeconds: seconds, contentType }: Partial<SignUploadOptions>) {
  if (!Number.isInteger(seconds) || !within(Number(seconds), 1, MAX_EXPIRY_SECONDS)) {
    throw new DomainValidationError('expiresInSeconds must be between 1 second and 7 days');
  }
  if (contentType !== undefined && !mediaType.test(contentType)) {
    throw new DomainValidationError('contentType is not a valid media type');
  }
}

const within = (value: number, min: number, max: number) => value >= min && value <= max;
const tooLarge = (maxBytes: number) =>
  new PayloadTooLargeError(`The file exceeds ${maxBytes} bytes`);
