import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type CommandApp, runCommand, testAllConnections } from '@insightdesk/shared/boot';
import { checkCertificate } from './check-certificate.ts';
import { checkDatabase } from './check-database.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkValkey } from './check-valkey.ts';
import { type Diagnostic, diagnose, runCheck } from './diagnostic.ts';

const GIBIBYTE = 1024 ** 3;
/** Containers have a small temporary directory in memory. */
const MIN_TEMPORARY_BYTES = 16 * 1024 ** 2;

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
  const disks = [
    { name: 'disk temporary', path: tmpdir(), minBytes: MIN_TEMPORARY_BYTES },
    ...(storage.provider === 'local'
      ? [{ name: 'disk files', path: storage.directory, minBytes: GIBIBYTE }]
      : []),
  ];
  const checks = disks.map((disk) =>
    runCheck(disk.name, async () => [await checkDisk(disk)], {
      fix: `create ${disk.path}, writable for the services`,
    }),
  );
  return (await Promise.all(checks)).flat();
}

async function checkDisk(disk: { name: string; path: string; minBytes: number }) {
  const { bavail, bsize } = await statfs(disk.path);
  const bytes = bavail * bsize;
  const found = `${disk.path}, ${formatBytes(bytes)} free`;
  const fix = `free at least ${formatBytes(disk.minBytes)} on that disk`;
  return diagnose(disk.name, found, bytes < disk.minBytes && fix);
}

const formatBytes = (bytes: number) =>
  bytes < GIBIBYTE
    ? `${Math.round(bytes / 1024 ** 2)} MiB`
    : `${(bytes / GIBIBYTE).toFixed(1)} GiB`;
