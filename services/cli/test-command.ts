/** Runs the command `desk` as an operator does, by default with the variables of the services. */
export async function runDesk(
  words: string[],
  env: Record<string, string | undefined> = process.env,
) {
  const command = [process.execPath, `${import.meta.dir}/desk.ts`, ...words];
  const child = Bun.spawn(command, { env, stdout: 'pipe', stderr: 'pipe' });
  const [output = '', errors = ''] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => stream.text()),
  );
  return { code: await child.exited, output, errors };
}
