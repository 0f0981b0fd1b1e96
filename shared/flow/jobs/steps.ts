import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { and, eq } from 'drizzle-orm';
import { jobSteps } from './tables.ts';

/** How to find out whether a step whose end nobody saw has taken effect. */
export interface StepOptions<T> {
  /**
   * Asks the outside world by the step's key. Without it the step is repeated with the same key,
   * which is right where the other side refuses what it has seen.
   */
  find?: (key: string) => Promise<{ result: T } | undefined>;
  /** Instead of repeating what cannot be asked about: fail, and leave it to a person. */
  orFail?: boolean;
}

/** The durable steps of one job; results are JSON. */
export interface Steps {
  /** Does something in the outside world, at most once as far as `options` reach. */
  step<T>(name: string, work: (key: string) => Promise<T>, options?: StepOptions<T>): Promise<T>;
  /** Does something in the database: exactly once, with its result, in one transaction. */
  once<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T>;
}

export type InTenant = <T>(tenantId: Id<'org'>, work: (tx: Tx) => Promise<T>) => Promise<T>;

const refuse = () =>
  Promise.reject(new TypeError('A job of the system has no durable steps: make it safe to repeat'));

/** What jobs of the system have instead: steps are kept with an organisation's rows. */
export const noSteps: Steps = { step: refuse, once: refuse };

interface Owner {
  tenantId: Id<'org'>;
  id: string;
}

/** Opens the steps of a job; what was done before is not done again, its result is given. */
export function createSteps(inTenant: InTenant, { tenantId, id: jobId }: Owner): Steps {
  const row = (step: string) => ({ tenantId, jobId, step });
  const where = (step: string) =>
    and(eq(jobSteps.tenantId, tenantId), eq(jobSteps.jobId, jobId), eq(jobSteps.step, step));

  /** The row that was there before, if any; a row that another run is writing is waited for. */
  async function claim(tx: Tx, step: string) {
    const claimed = await tx
      .insert(jobSteps)
      .values(row(step))
      .onConflictDoNothing()
      .returning({ step: jobSteps.step });
    if (claimed.length > 0) return undefined;
    const [known] = await tx.select().from(jobSteps).where(where(step));
    return known;
  }

  async function finish<T>(tx: Tx, step: string, result: T): Promise<T> {
    await tx
      .update(jobSteps)
      .set({ result: result ?? null, doneAt: new Date() })
      .where(where(step));
    return result;
  }

  return {
    async step<T>(name: string, work: (key: string) => Promise<T>, options: StepOptions<T> = {}) {
      const key = `${jobId}-${name}`;
      const known = await inTenant(tenantId, (tx) => claim(tx, name));
      if (known?.doneAt) return known.result as T;
      const found = known && (await options.find?.(key));
      if (known && !found && options.orFail) {
        throw new DomainBusinessRuleError(`Nobody knows whether ${name} was done`, {
          code: 'STEP_UNCLEAR',
        });
      }
      const result = found ? found.result : await work(key);
      return inTenant(tenantId, (tx) => finish(tx, name, result));
    },
    once: (name, work) =>
      inTenant(tenantId, async (tx) => {
        const known = await claim(tx, name);
        if (known?.doneAt) return known.result as never;
        return finish(tx, name, await work(tx));
      }),
  };
}
