import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type CommandApp, runCommand, testAllConnections } from '@insightdesk/shared/boot';
import { checkCertificate } from './check-certificate.ts';
import { checkDatabase } from './check-database.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkValkey } from './check-valkey.ts';
import { type Diagnostic, diagnose, runCheck } from './diagnostic.ts';

const MIN_FREE_BYTES = 1024 ** 3;

type Check = (app: CommandApp, ca?: string) => Promise<Diagnostic[]>;

export const installationChecks: Record<string, Check> = {
  connections: checkConnections,
  database: ({ config }) => checkDatabase(config),
  valkey: checkValkey,
  secrets: async ({ config }) => checkSecrets(config),
  certificate: ({ config }, ca) => checkCertificate({ url: config.http.publicUrl, ca }),
  disk: ({ config }) => checkDisks(config),
};

/** Checks the installation that these variables describe. An invalid configuration gives one error per variable. */
export async function checkInstallation(
  environment: Record<string, string | undefined>,
  { names, ca }: { names: readonly string[]; ca?: string | undefined },
): Promise<Diagnostic[]> {
  try {
    return await runCommand(
      'desk',
      async (app) => {
        const checks = names.map((name) =>
          runCheck(name, async () => (await installationChecks[name]?.(app, ca)) ?? [], {
            fix: 'run it again; other results may show the cause',
            timeoutMs: 30_000,
          }),
        );
        return (await Promise.all(checks)).flat();
      },
      environment,
    );
  } catch (error) {
    if ((error as Error).name !== 'ConfigurationError') throw error;
    const [, ...errors] = (error as Error).message.split('\n');
    const fix = '.env.example describes every variable';
    const name = 'configuration';
    if (errors.length === 0) return [{ name, found: (error as Error).message, fix }];
    return errors.map((error) => ({ name, found: error.trim(), fix }));
  }
}

const variables: Record<string, string> = {
  storage: 'STORAGE_…, or let the services write to STORAGE_DIRECTORY',
  mail: 'SMTP_HOST, SMTP_PORT, SMTP_USER and SMTP_PASSWORD',
  antivirus: 'ANTIVIRUS_URL, and that clamd runs with signatures',
};

async function checkConnections(app: CommandApp): Promise<Diagnostic[]> {
  const report = await testAllConnections(app);
  return Object.entries(report).map(([name, { healthy, latencyMs, error }]) => {
    if (healthy) return { name: `to ${name}`, found: `${latencyMs} ms` };
    const place = name.startsWith('valkey') ? 'VALKEY_…URL' : 'DATABASE_…URL';
    const fix = `check ${variables[name] ?? `${place}, and that the server runs`}`;
    return { name: `to ${name}`, found: error ?? 'does not answer', fix };
  });
}

async function checkDisks({ storage }: CommandApp['config']): Promise<Diagnostic[]> {
  const directories = {
    temporary: tmpdir(),
    ...(storage.provider === 'local' && { files: storage.directory }),
  };
  const checks = Object.entries(directories).map(([name, path]) =>
    runCheck(`disk ${name}`, async () => [await checkDisk(`disk ${name}`, path)], {
      fix: `create ${path}, writable for the services`,
    }),
  );
  return (await Promise.all(checks)).flat();
}

async function checkDisk(name: string, path: string): Promise<Diagnostic> {
  const { bavail, bsize } = await statfs(path);
  const bytes = bavail * bsize;
  const found = `${path}, ${(bytes / MIN_FREE_BYTES).toFixed(1)} GiB free`;
  return diagnose(name, found, bytes < MIN_FREE_BYTES && 'free at least 1 GiB on that disk');
}
