import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type CommandApp, runCommand, testAllConnections } from '@insightdesk/shared/boot';
import { checkCertificate } from './check-certificate.ts';
import { checkDatabase } from './check-database.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkValkey } from './check-valkey.ts';
import { type Finding, look } from './diagnostic.ts';

const NEEDED_BYTES = 1024 ** 3;

type Check = (app: CommandApp, ca?: string) => Promise<Finding[]>;

/** What is looked at where the services' variables are known; each by its name. */
export const installationChecks: Record<string, Check> = {
  connections: checkConnections,
  database: ({ config }) => checkDatabase(config),
  valkey: checkValkey,
  secrets: async ({ config }) => checkSecrets(config),
  certificate: ({ config }, ca) => checkCertificate({ url: config.http.publicUrl, ca }),
  disk: ({ config }) => checkDisks(config),
};

/** The installation that these variables describe; a faulty configuration is told fault by fault. */
export async function checkInstallation(
  environment: Record<string, string | undefined>,
  { names, ca }: { names: readonly string[]; ca?: string | undefined },
): Promise<Finding[]> {
  try {
    return await runCommand(
      'desk',
      async (app) => {
        const asked = names.map((name) =>
          look(name, async () => (await installationChecks[name]?.(app, ca)) ?? [], {
            fix: 'ask again; other findings may tell why',
            timeoutMs: 30_000,
          }),
        );
        return (await Promise.all(asked)).flat();
      },
      environment,
    );
  } catch (error) {
    if ((error as Error).name !== 'ConfigurationError') throw error;
    const [, ...faults] = (error as Error).message.split('\n');
    const fix = '.env.example describes every variable';
    const name = 'configuration';
    if (faults.length === 0) return [{ name, found: (error as Error).message, fix }];
    return faults.map((fault) => ({ name, found: fault.trim(), fix }));
  }
}

const variables: Record<string, string> = {
  storage: 'STORAGE_…, or let the services write to STORAGE_DIRECTORY',
  mail: 'SMTP_HOST, SMTP_PORT, SMTP_USER and SMTP_PASSWORD',
  antivirus: 'ANTIVIRUS_URL, and that clamd runs with signatures',
};

async function checkConnections(app: CommandApp): Promise<Finding[]> {
  const report = await testAllConnections(app);
  return Object.entries(report).map(([name, { healthy, latencyMs, error }]) => {
    if (healthy) return { name: `to ${name}`, found: `${latencyMs} ms` };
    const place = name.startsWith('valkey') ? 'VALKEY_…URL' : 'DATABASE_…URL';
    const fix = `look at ${variables[name] ?? `${place}, and that the server runs`}`;
    return { name: `to ${name}`, found: error ?? 'does not answer', fix };
  });
}

async function checkDisks({ storage }: CommandApp['config']): Promise<Finding[]> {
  const places = {
    temporary: tmpdir(),
    ...(storage.provider === 'local' && { files: storage.directory }),
  };
  const looks = Object.entries(places).map(([name, path]) =>
    look(`disk ${name}`, async () => [await checkDisk(`disk ${name}`, path)], {
      fix: `make ${path}, writable for the services`,
    }),
  );
  return (await Promise.all(looks)).flat();
}

async function checkDisk(name: string, path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(path);
  const bytes = bavail * bsize;
  const found = `${path}, ${(bytes / NEEDED_BYTES).toFixed(1)} GiB free`;
  return { name, found, ...(bytes < NEEDED_BYTES && { fix: 'free a gibibyte on that disk' }) };
}
