type RunCommand = (...args: string[]) => Promise<string>;

interface Inspected {
  Name: string;
  Config: { User?: string; Labels?: Record<string, string> };
  HostConfig: { ReadonlyRootfs: boolean; Privileged: boolean; CapAdd?: string[] | null };
  State: { Status: string; Health?: { Status: string } };
}

/**
 * Inspects all running containers. Throws with the list of those that run as root, can write to their root file system,
 * or are not healthy.
 */
export async function checkRestrictions(runEngine: RunCommand, compose: RunCommand): Promise<void> {
  const ids = (await compose('ps', '--quiet')).trim().split(/\s+/);
  const containers = JSON.parse(await runEngine('inspect', ...ids)) as Inspected[];
  if (containers.length < 10) throw new Error(`Only ${containers.length} containers run`);
  const problems = await Promise.all(
    containers.map(async ({ Name, Config, HostConfig, State }, index) => {
      const execute = (command: string) => runEngine('exec', ids[index] ?? '', 'sh', '-c', command);
      const uid = /^Uid:\s+(\d+)/m.exec(await execute('cat /proc/1/status'))?.[1];
      const canWrite = await execute('touch /written').then(
        () => true,
        () => false,
      );
      const found = {
        'has no user': !Config.User || /^(root|0)(:|$)/.test(Config.User),
        'runs as root': uid === '0',
        'can write to its root file system': !HostConfig.ReadonlyRootfs || canWrite,
        'is privileged': HostConfig.Privileged || (HostConfig.CapAdd ?? []).length > 0,
        [`is ${State.Health?.Status ?? 'without health check'}`]:
          State.Health?.Status !== 'healthy',
      };
      return Object.entries(found)
        .filter(([, isTrue]) => isTrue)
        .map(([problem]) => `${Name} ${problem}`);
    }),
  );
  if (problems.flat().length > 0) throw new Error(problems.flat().join('\n'));
}

/** One line per image with its size. Throws if an image lacks the labels that it was built with. */
export async function checkImages(
  runEngine: RunCommand,
  images: readonly string[],
  labels: Readonly<Record<string, string>>,
): Promise<string[]> {
  const found = await Promise.all(
    images.map(async (image) => JSON.parse(await runEngine('image', 'inspect', image))[0]),
  );
  return found.map(({ Size, Config }: { Size: number } & Pick<Inspected, 'Config'>, index) => {
    for (const [name, value] of Object.entries(labels)) {
      const label = Config.Labels?.[`org.opencontainers.image.${name}`];
      if (label !== value) throw new Error(`${images[index]}: ${name} is ${label}, not ${value}`);
    }
    return `${images[index]} ${Math.round(Size / 1_000_000)} MB`;
  });
}
