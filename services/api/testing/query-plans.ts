import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';

/** A statement sent by an action. */
export interface Statement {
  query: string;
  parameters: readonly unknown[];
}

interface Plan {
  'Node Type': string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

/** The rows that a statement returned, discarded and fetched. */
export interface QueryCost {
  rows: number;
  removed: number;
  /** Rows read from `conversation%` tables, also inside functions. */
  fetched: number;
  /** Pages of 8 KB that were read. */
  buffers: number;
}

/** A custom plan for the values, or the generic plan of an often executed prepared statement. */
export type PlanMode = 'custom' | 'generic';

/** Runs statements again as their sender, with EXPLAIN ANALYZE. */
export function createQueryPlans(databaseUrl: string) {
  const sql = connect(databaseUrl, { timeoutMs: 10_000 });

  function costOf(
    ctx: Context,
    { query, parameters }: Statement,
    mode: PlanMode,
  ): Promise<QueryCost> {
    const { tenantId, actor } = ctx;
    if (!tenantId || actor.kind !== 'user') throw new Error('The context has no user');
    const caller = [toUuid(tenantId), toUuid(actor.userId), toUuid(actor.sessionId), actor.role];
    return sql.begin(async (tx) => {
      await tx.unsafe('select app.authorize($1::uuid, $2::uuid, $3::uuid, $4)', caller);
      await tx.unsafe(`set local plan_cache_mode = force_${mode}_plan`);
      await tx.unsafe(`prepare statement as ${query}`);
      const values = parameters.map(literal).join(', ');
      const call = parameters.length > 0 ? `statement (${values})` : 'statement';
      const before = await fetched();
      const [row] = await tx.unsafe(
        `explain (analyze, buffers, timing off, format json) execute ${call}`,
      );
      const after = await fetched();
      await tx.unsafe('deallocate statement');
      const plan: Plan = row?.['QUERY PLAN'][0].Plan;
      return {
        rows: plan['Actual Rows'],
        removed: removedBy(plan),
        fetched: after - before,
        buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
      };

      async function fetched(): Promise<number> {
        const [count] = await tx`
          select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as rows
          from pg_stat_xact_user_tables where relname like 'conversation%'`;
        return count?.rows;
      }
    });
  }

  return { costOf, close: () => sql.end({ timeout: 1 }) };
}

function removedBy(plan: Plan): number {
  const ofNode =
    (plan['Rows Removed by Filter'] ?? 0) +
    (plan['Rows Removed by Join Filter'] ?? 0) +
    (plan['Rows Removed by Index Recheck'] ?? 0);
  const ofChildren = (plan.Plans ?? []).map(removedBy);
  return ofChildren.reduce((sum, rows) => sum + rows, ofNode * plan['Actual Loops']);
}

const literal = (value: unknown) =>
  value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`;
