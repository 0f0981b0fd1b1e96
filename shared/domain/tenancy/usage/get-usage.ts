import {
  type Context,
  counterNames,
  defineAction,
  type QuotaName,
  type Quotas,
  quotaNames,
  readTenant,
} from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { DomainValidationError } from '@insightdesk/shared/errors';
import { sql } from 'drizzle-orm';
import { z } from 'zod';

const MAX_DAYS = 366;
const FINAL_TTL_SECONDS = 3_600;
const DAY_MS = 86_400_000;
const day = z.iso.date();

const usageView = z
  .object({
    from: day,
    to: day,
    quotas: z.array(
      z.object({
        name: z.enum(quotaNames),
        value: z.int().describe('Now, in UTC'),
        limit: z.int().nullable().describe('null: unlimited'),
      }),
    ),
    counters: z.array(
      z.object({ name: z.enum(counterNames), days: z.array(z.object({ day, value: z.int() })) }),
    ),
  })
  .meta({ id: 'Usage' });

/** Usage per day with the quotas; counters are seconds behind. */
export const getUsage = defineAction({
  summary: 'Get usage and quotas',
  input: z.strictObject({
    from: day.optional().describe('First day, in UTC'),
    to: day.optional().describe('Last day, in UTC'),
  }),
  output: usageView,
  allow: 'usage:read',
  transaction: 'own',
  run: readUsage,
});

/** The usage of the context's organization, of the last 30 days by default. */
export async function readUsage(
  ctx: Context & { tenantId: Id<'org'> },
  input: { from?: string | undefined; to?: string | undefined } = {},
): Promise<z.infer<typeof usageView>> {
  const { to = new Date().toISOString().slice(0, 10) } = input;
  const { from = new Date(Date.parse(to) - 29 * DAY_MS).toISOString().slice(0, 10) } = input;
  requireRange(from, to);
  const id = toUuid(ctx.tenantId);
  const [[now], days, logBytes, jobs, sockets] = await Promise.all([
    readTenant(ctx, ({ tx }) => tx.execute(currentUsage(id)).execute()),
    readDays(ctx, from, to),
    ctx.limits.meter.logBytes(ctx.tenantId),
    ctx.limits.meter.queueUsage(ctx.tenantId),
    ctx.limits.meter.openSockets(ctx.tenantId),
  ]);
  const ownQuotas = (now?.quotas ?? {}) as Partial<Quotas>;
  const values: Record<QuotaName, unknown> = {
    'stored-bytes': now?.bytes ?? 0,
    seats: now?.seats ?? 0,
    'log-bytes': logBytes,
    'waiting-jobs': jobs.jobs + Number(now?.parked ?? 0),
    'job-bytes': jobs.bytes,
    sockets,
    'requests-per-day': now?.today ?? 0,
    'requests-per-month': now?.month ?? 0,
    'emails-per-day': now?.emails ?? 0,
  };
  const { quotas, unverifiedQuotas } = ctx.limits;
  const defaults = now?.verified === true ? quotas : unverifiedQuotas;
  return {
    from,
    to,
    quotas: quotaNames.map((name) => ({
      name,
      value: Number(values[name]),
      limit: (ownQuotas[name] ?? defaults[name]) || null,
    })),
    counters: counterNames.map((name) => ({
      name,
      days: days
        .filter((row) => row.metric === name)
        .map((row) => ({ day: String(row.day), value: Number(row.value) })),
    })),
  };
}

interface DayRow extends Record<string, unknown> {
  metric: string;
  day: string;
  value: number;
}

/** The counters per day; those of days that are over for a day are final, and cached. */
async function readDays(ctx: Context & { tenantId: Id<'org'> }, from: string, to: string) {
  const isFinal = Date.parse(to) < Date.now() - 2 * DAY_MS;
  const key = `usage ${from} ${to}`;
  const cached = isFinal ? await ctx.cache.getCached<DayRow[]>(ctx.tenantId, key) : undefined;
  if (cached) return cached;
  const rows = await readTenant(ctx, ({ tx }) =>
    tx.execute<DayRow>(dailyCounters(toUuid(ctx.tenantId), from, to)).execute(),
  );
  if (isFinal) await ctx.cache.setCached(ctx.tenantId, key, rows, FINAL_TTL_SECONDS);
  return rows;
}

function requireRange(from: string, to: string) {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days >= 1 && days <= MAX_DAYS) return;
  const message = `The range must have 1 to ${MAX_DAYS} days`;
  throw new DomainValidationError(undefined, { errors: [{ path: 'from', message }] });
}

const today = sql`(now() at time zone 'utc')::date`;

const currentUsage = (id: string) => sql`select
  app.has_verified_owner(${id}::uuid) as verified,
  app.used_bytes(${id}::uuid) as bytes,
  (select count(*) from members where tenant_id = ${id}::uuid and removed_at is null
    and role <> 'customer') as seats,
  (select count(*) from parked_jobs where tenant_id = ${id}::uuid and released_at is null) as parked,
  (select jsonb_object_agg(metric, value) from quotas where tenant_id = ${id}::uuid) as quotas,
  (select value from usage_counters where tenant_id = ${id}::uuid and metric = 'requests'
    and day = ${today}) as today,
  (select value from usage_counters where tenant_id = ${id}::uuid and metric = 'emails'
    and day = ${today}) as emails,
  (select sum(value) from usage_counters where tenant_id = ${id}::uuid and metric = 'requests'
    and day between date_trunc('month', ${today})::date and ${today}) as month`;

const dailyCounters = (id: string, from: string, to: string) => sql`
  select metric, to_char(day, 'YYYY-MM-DD') as day, value from usage_counters
  where tenant_id = ${id}::uuid and day between ${from}::date and ${to}::date order by day`;
