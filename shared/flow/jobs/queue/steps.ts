import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { DomainBusinessRuleError } from '@insightdesk/shared/errors';
import { and, eq } from 'drizzle-orm';
import { jobSteps } from '../tables.ts';

/** How to handle a step that was started and has no recorded result. */
export interface StepOptions<T> {
  /**
   * Looks up the result in the external system by the key of the step. Without it the step is
   * repeated with the same key, for systems that ignore a known key.
   */
  find?: (key: string) => Promise<{ result: T } | undefined>;
  /** Fails the job instead of repeating the step. */
  orFail?: boolean;
}

/** The durable steps of one job; results are JSON. */
export interface Steps {
  /** Calls an external system, at most once as far as `options` allow. */
  step<T>(name: string, work: (key: string) => Promise<T>, options?: StepOptions<T>): Promise<T>;
  /** Writes to the database exactly once; the result is recorded in the same transaction. */
  once<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T>;
}

export type InTenant = <T>(tenantId: Id<'org'>, work: (tx: Tx) => Promise<T>) => Promise<T>;

const rejectStep = () =>
  Promise.reject(new TypeError('A system job has no durable steps: make it safe to repeat'));

/** The steps of system jobs, which reject: steps are rows of an organization. */
export const noSteps: Steps = { step: rejectStep, once: rejectStep };

interface Owner {
  tenantId: Id<'org'>;
  id: string;
}

/** Opens the steps of a job; a recorded step returns its result without running again. */
export function createSteps(inTenant: InTenant, { tenantId, id: jobId }: Owner): Steps {
  const row = (step: string) => ({ tenantId, jobId, step });
  const where = (step: string) =>
    and(eq(jobSteps.tenantId, tenantId), eq(jobSteps.jobId, jobId), eq(jobSteps.step, step));

  /** Inserts the step and returns its existing row, if any; waits for a concurrent run. */
  async function start(tx: Tx, step: string) {
    const inserted = await tx
      .insert(jobSteps)
      .values(row(step))
      .onConflictDoNothing()
      .returning({ step: jobSteps.step });
    if (inserted.length > 0) return undefined;
    const [existing] = await tx.select().from(jobSteps).where(where(step));
    return existing;
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
      const existing = await inTenant(tenantId, (tx) => start(tx, name));
      if (existing?.doneAt) return existing.result as T;
      const found = existing && (await options.find?.(key));
      if (existing && !found && options.orFail) {
        throw new DomainBusinessRuleError(`The outcome of step ${name} is unknown`, {
          code: 'STEP_UNCLEAR',
        });
      }
      const result = found ? found.result : await work(key);
      return inTenant(tenantId, (tx) => finish(tx, name, result));
    },
    once: (name, work) =>
      inTenant(tenantId, async (tx) => {
        const existing = await start(tx, name);
        if (existing?.doneAt) return existing.result as never;
        return finish(tx, name, await work(tx));
      }),
  };
}
