import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DAY_MS = 86_400_000;
const RENEW_DAYS = 30;

export interface TlsFiles {
  ca: string;
  certificate: string;
  key: string;
}

/** Files of a local CA and a certificate for localhost, issued again before they expire. */
export async function prepareTls(directory: string): Promise<TlsFiles> {
  const files = {
    ca: join(directory, 'ca.pem'),
    certificate: join(directory, 'certificate.pem'),
    key: join(directory, 'key.pem'),
  };
  if (isValid(files)) return files;
  mkdirSync(directory, { recursive: true });
  const { issueCertificate } = await import('./issue-certificate.ts'); // slow to load, rarely needed
  const { ca, certificate, key } = await issueCertificate();
  writeFileSync(files.ca, ca);
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  return files;
}

function isValid({ ca, certificate, key }: TlsFiles): boolean {
  if (![ca, certificate, key].every((path) => existsSync(path))) return false;
  const { validTo } = new X509Certificate(readFileSync(certificate));
  return Date.parse(validTo) - Date.now() > RENEW_DAYS * DAY_MS;
}
