import { withTimeout } from '@insightdesk/shared/promises';

export interface CheckResult {
  healthy: boolean;
  latencyMs: number;
  error?: 'timeout' | 'unreachable';
}

export interface HealthReport {
  status: 'ok' | 'unavailable';
  checks: Record<string, CheckResult>;
}

/** What a service depends on, asked on demand. */
export interface Health {
  /** `check` resolves when the dependency answers; `timeoutMs` defaults to 2000. */
  register(name: string, check: () => Promise<unknown>, options?: { timeoutMs?: number }): void;
  /** Asks all at once; an answer is reused for half a second. Says nothing about the inside. */
  check(): Promise<HealthReport>;
}

const REUSE_MS = 500;

/** Builds an empty set of checks. */
export function createHealth(): Health {
  const checks = new Map<string, { check: () => Promise<unknown>; timeoutMs: number }>();
  let latest: { at: number; report: Promise<HealthReport> } | undefined;

  async function ask(): Promise<HealthReport> {
    const results = await Promise.all(
      [...checks].map(async ([name, { check, timeoutMs }]) => [name, await run(check, timeoutMs)]),
    );
    const byName: Record<string, CheckResult> = Object.fromEntries(results);
    const ok = Object.values(byName).every(({ healthy }) => healthy);
    return { status: ok ? 'ok' : 'unavailable', checks: byName };
  }

  return {
    register(name, check, { timeoutMs = 2000 } = {}) {
      checks.set(name, { check, timeoutMs });
    },
    check() {
      if (latest && performance.now() - latest.at <= REUSE_MS) return latest.report;
      // Not old before it has come: a hanging dependency is not asked again and again.
      const asked = { at: Number.POSITIVE_INFINITY, report: ask() };
      latest = asked;
      return asked.report.finally(() => {
        asked.at = performance.now();
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
