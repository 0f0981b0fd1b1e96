import { withTimeout } from '@insightdesk/shared/promises';

export interface CheckResult {
  healthy: boolean;
  latencyMs: number;
  error?: 'timeout' | 'unreachable';
}

export interface HealthReport {
  /** `degraded`: an optional dependency is unavailable. */
  status: 'ok' | 'degraded' | 'unavailable';
  checks: Record<string, CheckResult>;
}

export interface CheckOptions {
  /** Default: 2,000. */
  timeoutMs?: number;
  /** Whether the service cannot work without it; default: true. */
  isRequired?: boolean;
}

/** Health checks of the dependencies of a service. */
export interface Health {
  /** `check` resolves when the dependency is healthy. */
  register(name: string, check: () => Promise<unknown>, options?: CheckOptions): void;
  /**
   * Runs all checks at once. Results are reused for 0.5 s, those of optional dependencies for 3 s.
   * With `isWaiting: false` it does not wait for optional dependencies and returns their latest
   * result. Results contain no error messages.
   */
  check(options?: { isWaiting?: boolean }): Promise<HealthReport>;
}

const CACHE_MS = 500;
const OPTIONAL_CACHE_MS = 3_000;

/** Builds health checks without dependencies. */
export function createHealth(): Health {
  const required = createCheckGroup(CACHE_MS);
  const optional = createCheckGroup(OPTIONAL_CACHE_MS);
  return {
    register(name, check, { timeoutMs = 2000, isRequired = true } = {}) {
      const group = isRequired ? required : optional;
      group.add(name, () => runCheck(check, timeoutMs));
    },
    async check({ isWaiting = true } = {}) {
      const pending = optional.run();
      const requiredResults = await required.run();
      const optionalResults = isWaiting ? await pending : optional.latest();
      const status = isHealthy(optionalResults) ? 'ok' : 'degraded';
      return {
        status: isHealthy(requiredResults) ? status : 'unavailable',
        checks: { ...requiredResults, ...optionalResults },
      };
    },
  };
}

type Results = Record<string, CheckResult>;

const isHealthy = (results: Results) => Object.values(results).every(({ healthy }) => healthy);

/** Checks that run together; their results are cached for `cacheMs`. */
function createCheckGroup(cacheMs: number) {
  const checks = new Map<string, () => Promise<CheckResult>>();
  let current: { at: number; results: Promise<Results> } | undefined;
  let latest: Results = {};

  async function runAll(): Promise<Results> {
    const results = [...checks].map(async ([name, check]) => [name, await check()]);
    latest = Object.fromEntries(await Promise.all(results));
    return latest;
  }

  return {
    add: (name: string, check: () => Promise<CheckResult>) => void checks.set(name, check),
    latest: () => latest,
    run(): Promise<Results> {
      if (current && performance.now() - current.at <= cacheMs) return current.results;
      // A pending run never expires, so that a hanging dependency is not called again and again.
      const run = { at: Number.POSITIVE_INFINITY, results: runAll() };
      current = run;
      return run.results.finally(() => {
        run.at = performance.now();
      });
    },
  };
}

async function runCheck(check: () => Promise<unknown>, timeoutMs: number): Promise<CheckResult> {
  const startedAt = performance.now();
  const latencyMs = () => Math.round((performance.now() - startedAt) * 100) / 100;
  try {
    await withTimeout(async () => check(), timeoutMs);
    return { healthy: true, latencyMs: latencyMs() };
  } catch {
    const took = latencyMs();
    return { healthy: false, latencyMs: took, error: took < timeoutMs ? 'unreachable' : 'timeout' };
  }
}
