/** Whether the variables of a service are set here, as in its container. */
export const isInstalled = () => Boolean(process.env.DATABASE_URL || process.env.SECRETS_DIRECTORY);

/** The variables of the services; without them, those of the stack that runs on this machine. */
export async function loadEnvironment(): Promise<Record<string, string | undefined>> {
  if (isInstalled()) return process.env;
  const { loadStackEnvironment } = await import('../../tools/stack/load-stack-environment.ts');
  return { ...loadStackEnvironment(), ...process.env };
}
