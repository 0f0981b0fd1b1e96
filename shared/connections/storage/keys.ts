import { DomainValidationError } from '@insightdesk/shared/errors';
import type { StorageProvider } from './provider.ts';

const MAX_KEY_LENGTH = 512;
const segment = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,200}$/;
const partialSegment = /^[a-zA-Z0-9._-]{0,200}$/;

/** The key itself; throws DomainValidationError INVALID_KEY for one that could leave its place. */
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

/** Puts the rules for keys and sizes in front of a provider, so that none has to repeat them. */
export function withRules(
  provider: StorageProvider,
  { maxFileBytes }: { maxFileBytes: number },
): StorageProvider {
  return {
    upload: async (key, source, options) => {
      const maxBytes = Math.min(options.maxBytes ?? maxFileBytes, maxFileBytes);
      return provider.upload(requireKey(key), source, { ...options, maxBytes });
    },
    download: async (key, options) => provider.download(requireKey(key), options),
    metadata: async (key) => provider.metadata(requireKey(key)),
    exists: async (key) => provider.exists(requireKey(key)),
    list: (prefix) => provider.list(requirePrefix(prefix)),
    copy: async (from, to) => provider.copy(requireKey(from), requireKey(to)),
    delete: async (key) => provider.delete(requireKey(key)),
  };
}
