/** The variables of the services; without them, those of the stack that runs on this machine. */
export async function surroundings(): Promise<Record<string, string | undefined>> {
  if (process.env.DATABASE_URL || process.env.SECRETS_DIRECTORY) return process.env;
  const { describeRunning } = await import('../local/stack/describe-running.ts');
  return { ...describeRunning(), ...process.env };
}
