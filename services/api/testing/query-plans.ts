import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';

/** A statement as an action sent it. */
export interface Sent {
  query: string;
  parameters: readonly unknown[];
}

interface Plan {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

/** How many rows a statement gave, and how many it looked at for nothing. */
export interface Effort {
  rows: number;
  removed: number;
  /** Rows that were read from the tables of a name like this, in functions too. */
  fetched: number;
}

/** Planned for its values, or as PostgreSQL plans a prepared statement that it has met often. */
export type PlanMode = 'first' | 'often';

/** So many times values are looked at, before a plan for any may do. */
const OFTEN = 6;

/** Runs statements again as their sender, and finds out what they cost. */
export function openPlans(databaseUrl: string) {
  const sql = connect(databaseUrl, { timeoutMs: 10_000 });

  function effortOf(ctx: Context, { query, parameters }: Sent, mode: PlanMode): Promise<Effort> {
    const { tenantId, actor } = ctx;
    if (!tenantId || actor.kind !== 'user') throw new Error('Nobody asks');
    const caller = [toUuid(tenantId), toUuid(actor.userId), toUuid(actor.sessionId), actor.role];
    return sql.begin(async (tx) => {
      await tx.unsafe('select app.enter($1::uuid, $2::uuid, $3::uuid, $4)', caller);
      await tx.unsafe(`prepare statement as ${query}`);
      const values = parameters.map(literal).join(', ');
      const call = parameters.length > 0 ? `statement (${values})` : 'statement';
      for (let n = 0; mode === 'often' && n < OFTEN; n++) await tx.unsafe(`execute ${call}`);
      const before = await fetched();
      const [row] = await tx.unsafe(`explain (analyze, timing off, format json) execute ${call}`);
      const after = await fetched();
      await tx.unsafe('deallocate statement');
      const plan: Plan = row?.['QUERY PLAN'][0].Plan;
      return { rows: plan['Actual Rows'], removed: removedBy(plan), fetched: after - before };

      async function fetched(): Promise<number> {
        const [count] = await tx`
          select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as rows
          from pg_stat_xact_user_tables where relname like 'conversation%'`;
        return count?.rows;
      }
    });
  }

  return { effortOf, close: () => sql.end({ timeout: 1 }) };
}

function removedBy(plan: Plan): number {
  const here =
    (plan['Rows Removed by Filter'] ?? 0) +
    (plan['Rows Removed by Join Filter'] ?? 0) +
    (plan['Rows Removed by Index Recheck'] ?? 0);
  const below = (plan.Plans ?? []).map(removedBy);
  return below.reduce((sum, part) => sum + part, here * plan['Actual Loops']);
}

const literal = (value: unknown) =>
  value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`;
