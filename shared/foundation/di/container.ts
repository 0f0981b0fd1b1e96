import { ConfigurationError } from '@insightdesk/shared/errors';

/** How long what a factory built lives. */
export type Lifetime = 'singleton' | 'scoped' | 'transient';

interface Registration {
  factory: (parts: never) => unknown;
  lifetime: Lifetime;
  dispose: ((part: never) => void | Promise<void>) | undefined;
}

interface Options<T> {
  /** Built once per container (default), once per scope, or anew each time. */
  lifetime?: Lifetime;
  dispose?: (part: T) => void | Promise<void>;
}

/** Named parts, each built from those registered before it, disposed in reverse order. */
export interface Container<P extends object> {
  /** Adds a part; its factory sees the parts that are registered so far. */
  register<N extends string, T>(
    name: N,
    factory: (parts: P) => T,
    options?: Options<T>,
  ): Container<P & Record<N, T>>;
  resolve<N extends keyof P & string>(name: N): P[N];
  /** Replaces a factory before its part was built; for tests. */
  rebind<N extends keyof P & string>(name: N, factory: (parts: P) => P[N]): void;
  /** Shares singletons, builds its own scoped parts. */
  createScope(): Container<P>;
  /** Disposes what this container or scope has built, last built first. */
  dispose(): Promise<void>;
  /** Every part, built on first use. */
  readonly parts: P;
}

/** An empty container. */
export const createContainer = (): Container<object> => build(new Map(), undefined);

function build<P extends object>(
  registrations: Map<string, Registration>,
  root: { resolve(name: string): unknown } | undefined,
): Container<P> {
  const built = new Map<string, unknown>();
  const disposals: (() => void | Promise<void>)[] = [];
  const building: string[] = [];
  const parts = new Proxy({}, { get: (_, name) => find(name) }) as P;

  // What `await` and `console.log` ask of any object is no part.
  function find(name: string | symbol): unknown {
    if (typeof name === 'symbol') return undefined;
    return name === 'then' && !registrations.has(name) ? undefined : resolve(name);
  }

  function resolve(name: string): unknown {
    if (built.has(name)) return built.get(name);
    const registration = registrations.get(name);
    const path = [...building, name].join(' -> ');
    if (!registration) throw new ConfigurationError(`Nothing is registered as ${name}: ${path}`);
    const { lifetime, factory, dispose } = registration;
    if (lifetime === 'singleton' && root) return root.resolve(name);
    if (building.includes(name)) {
      throw new ConfigurationError(`Circular parts: ${path}`);
    }
    if (lifetime === 'scoped' && building.some(isSingleton)) {
      throw new ConfigurationError(`A singleton would keep the scoped ${name}: ${path}`);
    }
    building.push(name);
    try {
      const part = factory(parts as never);
      if (lifetime !== 'transient') built.set(name, part);
      if (dispose) disposals.push(() => dispose(part as never));
      return part;
    } finally {
      building.pop();
    }
  }

  const isSingleton = (name: string) => registrations.get(name)?.lifetime === 'singleton';

  const container: Container<P> = {
    parts,
    register(name, factory, { lifetime = 'singleton', dispose } = {}) {
      if (registrations.has(name)) throw new ConfigurationError(`${name} is registered already`);
      registrations.set(name, { factory, lifetime, dispose });
      return container as never;
    },
    resolve: (name) => resolve(name) as never,
    rebind(name, factory) {
      const known = registrations.get(name);
      if (!known || built.has(name)) throw new ConfigurationError(`${name} cannot be replaced now`);
      registrations.set(name, { ...known, factory });
    },
    createScope: () => build<P>(registrations, root ?? { resolve }),
    async dispose() {
      const failures: unknown[] = [];
      for (const dispose of disposals.splice(0).reverse()) {
        await Promise.try(dispose).catch((error) => failures.push(error));
      }
      built.clear();
      if (failures.length > 0) throw new AggregateError(failures, 'Some parts did not dispose');
    },
  };
  return container;
}
