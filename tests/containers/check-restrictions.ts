type Ask = (...words: string[]) => Promise<string>;

interface Inspected {
  Name: string;
  Config: { User?: string; Labels?: Record<string, string> };
  HostConfig: { ReadonlyRootfs: boolean; Privileged: boolean; CapAdd?: string[] | null };
  State: { Status: string; Health?: { Status: string } };
}

/**
 * Looks at every running container by the engine's `inspect` and from within. Throws with all that are
 * root, can write to their root file system, or are not healthy.
 */
export async function checkRestrictions(ask: Ask, compose: Ask): Promise<void> {
  const ids = (await compose('ps', '--quiet')).trim().split(/\s+/);
  const containers = JSON.parse(await ask('inspect', ...ids)) as Inspected[];
  if (containers.length < 10) throw new Error(`Only ${containers.length} containers run`);
  const problems = await Promise.all(
    containers.map(async ({ Name, Config, HostConfig, State }, at) => {
      const inside = (command: string) => ask('exec', ids[at] ?? '', 'sh', '-c', command);
      const uid = /^Uid:\s+(\d+)/m.exec(await inside('cat /proc/1/status'))?.[1];
      const canWrite = await inside('touch /written').then(
        () => true,
        () => false,
      );
      const found = {
        'has no user of its own': !Config.User || /^(root|0)(:|$)/.test(Config.User),
        'runs as root': uid === '0',
        'may write to its root': !HostConfig.ReadonlyRootfs || canWrite,
        'is privileged': HostConfig.Privileged || (HostConfig.CapAdd ?? []).length > 0,
        [`is ${State.Health?.Status ?? 'not asked'}`]: State.Health?.Status !== 'healthy',
      };
      return Object.entries(found)
        .filter(([, isTrue]) => isTrue)
        .map(([problem]) => `${Name} ${problem}`);
    }),
  );
  if (problems.flat().length > 0) throw new Error(problems.flat().join('\n'));
}

/** Sizes of images in a line each; throws when one has not the labels it was built with. */
export async function checkImages(
  ask: Ask,
  images: readonly string[],
  labels: Readonly<Record<string, string>>,
): Promise<string[]> {
  const found = await Promise.all(
    images.map(async (image) => JSON.parse(await ask('image', 'inspect', image))[0]),
  );
  return found.map(({ Size, Config }: { Size: number } & Pick<Inspected, 'Config'>, at) => {
    for (const [name, value] of Object.entries(labels)) {
      const label = Config.Labels?.[`org.opencontainers.image.${name}`];
      if (label !== value) throw new Error(`${images[at]}: ${name} is ${label}, not ${value}`);
    }
    return `${images[at]} ${Math.round(Size / 1_000_000)} MB`;
  });
}
