import { withTimeout } from '@insightdesk/shared/promises';

export interface CheckResult {
  healthy: boolean;
  latencyMs: number;
  error?: 'timeout' | 'unreachable';
}

export interface HealthReport {
  /** `degraded`: something is away that the service can do without for a while. */
  status: 'ok' | 'degraded' | 'unavailable';
  checks: Record<string, CheckResult>;
}

export interface CheckOptions {
  /** Defaults to 2000. */
  timeoutMs?: number;
  /** Whether the service is of no use without it; so unless said. */
  isRequired?: boolean;
}

/** What a service depends on, asked on demand. */
export interface Health {
  /** `check` resolves when the dependency answers. */
  register(name: string, check: () => Promise<unknown>, options?: CheckOptions): void;
  /**
   * Asks all at once; an answer is reused for half a second, one of what is not required for 3 s.
   * With `isWaiting: false` the latter are asked too, but what is told of them is what they said
   * last. Says nothing about the inside.
   */
  check(options?: { isWaiting?: boolean }): Promise<HealthReport>;
}

const REUSE_MS = 500;
const OPTIONAL_REUSE_MS = 3_000;

/** Builds an empty set of checks. */
export function createHealth(): Health {
  const required = createRound(REUSE_MS);
  const optional = createRound(OPTIONAL_REUSE_MS);
  return {
    register(name, check, { timeoutMs = 2000, isRequired = true } = {}) {
      const round = isRequired ? required : optional;
      round.add(name, () => run(check, timeoutMs));
    },
    async check({ isWaiting = true } = {}) {
      const asked = optional.ask();
      const needed = await required.ask();
      const others = isWaiting ? await asked : optional.latest();
      const status = isWell(others) ? 'ok' : 'degraded';
      return { status: isWell(needed) ? status : 'unavailable', checks: { ...needed, ...others } };
    },
  };
}

type Results = Record<string, CheckResult>;

const isWell = (results: Results) => Object.values(results).every(({ healthy }) => healthy);

/** Checks that are asked together, and not again while their answer is fresh. */
function createRound(reuseMs: number) {
  const checks = new Map<string, () => Promise<CheckResult>>();
  let asked: { at: number; results: Promise<Results> } | undefined;
  let latest: Results = {};

  async function askAll(): Promise<Results> {
    const results = [...checks].map(async ([name, check]) => [name, await check()]);
    latest = Object.fromEntries(await Promise.all(results));
    return latest;
  }

  return {
    add: (name: string, check: () => Promise<CheckResult>) => void checks.set(name, check),
    latest: () => latest,
    ask(): Promise<Results> {
      if (asked && performance.now() - asked.at <= reuseMs) return asked.results;
      // Not old before it has come: a hanging dependency is not asked again and again.
      const round = { at: Number.POSITIVE_INFINITY, results: askAll() };
      asked = round;
      return round.results.finally(() => {
        round.at = performance.now();
      });
    },
  };
}

async function run(check: () => Promise<unknown>, timeoutMs: number): Promise<CheckResult> {
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
