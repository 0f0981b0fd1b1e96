import type { Id } from '@insightdesk/shared/contract';
import { retry } from '@insightdesk/shared/promises';
import type { AccessHolder } from './access.ts';
import { isRefusal, type SessionVerifier } from './session-verifier.ts';

interface OrganizationAccessOptions {
  sessions: Pick<SessionVerifier, 'verify'>;
  onError: (error: unknown) => void;
}

/** The sockets of one organization, which are verified when its access generation rises. */
export class OrganizationAccess {
  readonly #options: OrganizationAccessOptions;
  readonly #holders = new Set<AccessHolder>();
  #generation: number | undefined;
  #isVerifying = false;
  #isClosed = false;

  constructor(options: OrganizationAccessOptions) {
    this.#options = options;
  }

  /** All revocations up to this generation are known here. */
  get generation(): number | undefined {
    return this.#generation;
  }

  get isEmpty(): boolean {
    return this.#holders.size === 0;
  }

  add(holder: AccessHolder): void {
    this.#holders.add(holder);
  }

  delete(holder: AccessHolder): void {
    this.#holders.delete(holder);
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Verifies the sockets of the user, or all, that were verified at an earlier generation. */
  advance(generation: number, userId?: Id<'usr'>): void {
    // An organization that was deleted has none.
    const isReset = generation < (this.#generation ?? 0);
    this.#generation = generation;
    for (const holder of this.#holders) {
      if (userId && holder.access.userId !== userId) continue;
      holder.requiredGeneration = generation;
      if (isReset && holder.generation !== undefined) holder.confirm(-1);
    }
    void this.#verifyStale();
  }

  async #verifyStale(): Promise<void> {
    if (this.#isVerifying) return;
    this.#isVerifying = true;
    const shouldRetry = (error: unknown) => {
      this.#options.onError(error);
      return !this.#isClosed;
    };
    const limits = { attempts: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 2_000 };
    while (!this.#isClosed) {
      const stale = [...this.#holders].filter(isStale);
      if (stale.length === 0) break;
      const verifyAll = () => Promise.all(stale.map((holder) => this.#verify(holder)));
      await retry(verifyAll, { ...limits, shouldRetry }).catch(() => undefined);
    }
    this.#isVerifying = false;
  }

  async #verify(holder: AccessHolder): Promise<void> {
    if (!this.#holders.has(holder) || !isStale(holder)) return;
    const { access } = holder;
    try {
      const generation = await this.#options.sessions.verify(access);
      if (holder.access === access) holder.confirm(generation);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // The holder has another session by now, which the next round verifies.
      if (holder.access !== access) return;
      this.#holders.delete(holder);
      holder.end(error.code === 'SESSION_ENDED' ? 'SESSION_ENDED' : 'ACCESS_CHANGED');
    }
  }
}

const isStale = ({ generation, requiredGeneration }: AccessHolder) =>
  generation !== undefined && generation < requiredGeneration;
