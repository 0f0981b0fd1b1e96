import type { Id } from '@insightdesk/shared/contract';

/** Time that the database worked for an organization: at most this much per window, when others use it too. */
export interface TenantTimeLimits {
  budgetMs: number;
  windowMs: number;
}

const defaults: TenantTimeLimits = { budgetMs: 2_500, windowMs: 10_000 };
/** Further organizations of a window are not counted. */
const MAX_TENANTS = 20_000;

/**
 * Database time of this process per organization and window. An organization has used its share when
 * it is above the budget and above the average of the organizations of the window: alone it has no
 * limit, and nobody is limited because another one makes the database slow.
 */
export class TenantTime {
  readonly #limits: TenantTimeLimits;
  readonly #nowMs: () => number;
  #usedMs = new Map<Id<'org'>, number>();
  #totalMs = 0;
  #endsAtMs = 0;

  constructor(limits: Partial<TenantTimeLimits> = {}, nowMs = () => performance.now()) {
    this.#limits = { ...defaults, ...limits };
    this.#nowMs = nowMs;
  }

  add(tenantId: Id<'org'>, ms: number): void {
    this.#startWindow();
    const before = this.#usedMs.get(tenantId);
    if (before === undefined && this.#usedMs.size >= MAX_TENANTS) return;
    this.#usedMs.set(tenantId, (before ?? 0) + ms);
    this.#totalMs += ms;
  }

  /** Milliseconds until the organization may use the database again; 0 now. */
  waitMs(tenantId: Id<'org'>): number {
    this.#startWindow();
    const ownMs = this.#usedMs.get(tenantId) ?? 0;
    if (ownMs <= this.#limits.budgetMs || ownMs <= this.#totalMs / this.#usedMs.size) return 0;
    return this.#endsAtMs - this.#nowMs();
  }

  #startWindow(): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#endsAtMs) return;
    this.#usedMs = new Map();
    this.#totalMs = 0;
    this.#endsAtMs = nowMs + this.#limits.windowMs;
  }
}
