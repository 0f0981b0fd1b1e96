import { readFile, stat } from 'node:fs/promises';
import { TechnicalError } from '@insightdesk/shared/errors';
import { SecretDeniedError, type SecretProvider } from './provider.ts';

const SCHEME = 'file:';
const MAX_BYTES = 65_536;

/** Secrets in files of their own, as containers are given them: `file:/run/secrets/jwt`. */
export const fileSecrets: SecretProvider = {
  name: 'file',
  supportsSecret: (reference) => reference.startsWith(SCHEME),
  async getSecret(reference) {
    const path = reference.slice(SCHEME.length);
    try {
      const { size } = await stat(path);
      if (size > MAX_BYTES) throw new TechnicalError('the file is too big for a secret');
      return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    } catch (error) {
      if (error instanceof TechnicalError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') throw new SecretDeniedError('access is denied');
      throw new TechnicalError(code === 'ENOENT' ? 'there is no such file' : `it fails (${code})`);
    }
  },
};
