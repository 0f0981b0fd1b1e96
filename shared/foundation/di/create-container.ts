import { ConfigurationError } from '@insightdesk/shared/errors';

/** How long a built part is shared. */
export type Lifetime = 'singleton' | 'scoped' | 'transient';

interface Registration {
  factory: (parts: never) => unknown;
  lifetime: Lifetime;
  dispose: ((part: never) => void | Promise<void>) | undefined;
}

interface Options<T> {
  /** Built once per container (default), once per scope, or on each resolution. */
  lifetime?: Lifetime;
  dispose?: (part: T) => void | Promise<void>;
}

/** Named parts, each built from those registered before it and disposed in reverse order. */
export interface Container<P extends object> {
  /** Registers a part; its factory receives the parts registered before it. */
  register<N extends string, T>(
    name: N,
    factory: (parts: P) => T,
    options?: Options<T>,
  ): Container<P & Record<N, T>>;
  resolve<N extends keyof P & string>(name: N): P[N];
  /** Replaces a factory before its part is built; for tests. */
  rebind<N extends keyof P & string>(name: N, factory: (parts: P) => P[N]): void;
  /** Shares singletons, builds its own scoped parts. */
  createScope(): Container<P>;
  /** Disposes the parts that this container or scope has built, last built first. */
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
  const parts = new Proxy({}, { get: (_, name) => getPart(name) }) as P;

  // `await` and `console.log` read `then` and symbols of any object; these are no parts.
  function getPart(name: string | symbol): unknown {
    if (typeof name === 'symbol') return undefined;
    return name === 'then' && !registrations.has(name) ? undefined : resolve(name);
  }

  function resolve(name: string): unknown {
    if (built.has(name)) return built.get(name);
    const registration = registrations.get(name);
    const path = [...building, name].join(' -> ');
    if (!registration) throw new ConfigurationError(`Unknown part ${name}: ${path}`);
    const { lifetime, factory, dispose } = registration;
    if (lifetime === 'singleton' && root) return root.resolve(name);
    if (building.includes(name)) {
      throw new ConfigurationError(`Circular dependency: ${path}`);
    }
    if (lifetime === 'scoped' && building.some(isSingleton)) {
      throw new ConfigurationError(`A singleton depends on the scoped part ${name}: ${path}`);
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
      if (registrations.has(name))
        throw new ConfigurationError(`Part ${name} is already registered`);
      registrations.set(name, { factory, lifetime, dispose });
      return container as never;
    },
    resolve: (name) => resolve(name) as never,
    rebind(name, factory) {
      const existing = registrations.get(name);
      if (!existing) throw new ConfigurationError(`Unknown part ${name}`);
      if (built.has(name)) throw new ConfigurationError(`Part ${name} is already built`);
      registrations.set(name, { ...existing, factory });
    },
    createScope: () => build<P>(registrations, root ?? { resolve }),
    async dispose() {
      const failures: unknown[] = [];
      for (const dispose of disposals.splice(0).reverse()) {
        await Promise.try(dispose).catch((error) => failures.push(error));
      }
      built.clear();
      if (failures.length > 0) throw new AggregateError(failures, 'Disposing some parts failed');
    },
  };
  return container;
}
