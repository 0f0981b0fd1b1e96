import { TechnicalError } from '@insightdesk/shared/errors';
import { errorCode, readText } from '@insightdesk/shared/files';
import { SecretDeniedError, type SecretProvider } from './provider.ts';

const SCHEME = 'file:';
const MAX_BYTES = 65_536;

/** Secrets in files of their own, as containers are given them: `file:/run/secrets/jwt`. */
export const fileSecrets: SecretProvider = {
  name: 'file',
  supportsSecret: (reference) => reference.startsWith(SCHEME),
  async getSecret(reference) {
    const path = reference.slice(SCHEME.length);
    const text = await readText(path, { maxBytes: MAX_BYTES }).catch(refuse);
    if (text === undefined) throw new TechnicalError('there is no such file');
    return text.replace(/\r?\n$/, '');
  },
};

function refuse(error: unknown): never {
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM') throw new SecretDeniedError('access is denied');
  if (code === 'FILE_TOO_LONG') throw new TechnicalError('the file is too big for a secret');
  throw new TechnicalError(`it fails (${code})`);
}
