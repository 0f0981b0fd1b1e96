import { TechnicalError } from '@insightdesk/shared/errors';
import { errorCode, readText } from '@insightdesk/shared/files';
import { SecretDeniedError, type SecretProvider } from './secret-provider.ts';

const SCHEME = 'file:';
const MAX_BYTES = 65_536;

/** Secrets in files, as containers mount them: `file:/run/secrets/jwt`. */
export const fileSecrets: SecretProvider = {
  name: 'file',
  supportsSecret: (reference) => reference.startsWith(SCHEME),
  async getSecret(reference) {
    const path = reference.slice(SCHEME.length);
    const text = await readText(path, { maxBytes: MAX_BYTES }).catch(toSecretError);
    if (text === undefined) throw new TechnicalError('the file does not exist');
    return text.replace(/\r?\n$/, '');
  },
};

function toSecretError(error: unknown): never {
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') throw new SecretDeniedError('access is denied');
  if (code === 'FILE_TOO_LONG') throw new TechnicalError('the file is too large for a secret');
  throw new TechnicalError(`reading the file failed (${code})`);
}
