import { type Context, readTenant, withTenant } from '@insightdesk/shared/context';
import { type Id, isId, toUuid } from '@insightdesk/shared/contract';
import type { ListedFile, StorageProvider } from '@insightdesk/shared/storage';
import { createMeter, readChunks } from '@insightdesk/shared/streams';
import { and, asc, eq, gt, lt, sql } from 'drizzle-orm';
import { rejectAttachment } from '../reject-attachment.ts';
import { isUploadPart, storageKey } from '../storage-key.ts';
import { attachments } from '../tables.ts';
import { MOST_NAMED, type ReconcileOptions, type ReconcileReport } from './reconcile-report.ts';

type Of = Context & { tenantId: Id<'org'> };

/** The files of one attachment, as they are listed one after another. */
interface Group {
  id: string;
  files: ListedFile[];
}

interface Row {
  id: Id<'att'>;
  status: string;
  sha256: string;
}

const PAGE = 500;

/** Goes through the files of an organisation and its rows side by side: both are in order. */
export async function sweepOrganization(
  ctx: Of,
  sweep: ReconcileOptions,
  report: ReconcileReport,
): Promise<void> {
  const before = new Date(Date.now() - sweep.minAgeMs);
  const rows = readRows(ctx, before);
  let row = await next(rows);
  for await (const group of groupsOf(ctx)) {
    sweep.signal.throwIfAborted();
    report.files += group.files.length;
    for (; row && row.id < group.id; row = await next(rows)) await lookAt(ctx, row, sweep, report);
    const isKnown = row?.id === group.id;
    await tidy(ctx, group, isKnown ? row : undefined, { ...sweep, before }, report);
    if (!row || !isKnown) continue;
    await lookAt(ctx, row, sweep, report, group);
    row = await next(rows);
  }
  for (; row; row = await next(rows)) await lookAt(ctx, row, sweep, report);
}

const next = async <T>(items: AsyncGenerator<T, void>): Promise<T | undefined> =>
  (await items.next()).value ?? undefined;

async function* groupsOf({ files: { storage }, tenantId }: Of): AsyncGenerator<Group, void> {
  const folder = storageKey(tenantId, '', '').slice(0, -1);
  let group: Group | undefined;
  for await (const file of (storage as StorageProvider).list(folder)) {
    const id = file.key.slice(folder.length).split('/')[0] ?? '';
    if (group?.id !== id) {
      if (group) yield group;
      group = { id, files: [] };
    }
    group.files.push(file);
  }
  if (group) yield group;
}

async function* readRows(ctx: Of, before: Date): AsyncGenerator<Row, void> {
  const { id, status, sha256, tenantId, createdAt } = attachments;
  for (let after: Id<'att'> | undefined; ; ) {
    const page = await readTenant(ctx, ({ tx }) =>
      tx
        .select({ id, status, sha256 })
        .from(attachments)
        .where(
          and(eq(tenantId, ctx.tenantId), lt(createdAt, before), after ? gt(id, after) : undefined),
        )
        .orderBy(asc(id))
        .limit(PAGE)
        .execute(),
    );
    yield* page;
    after = page.at(-1)?.id;
    if (!after || page.length < PAGE) return;
  }
}

/**
 * Deletes what belongs to nobody: all of it, also of what was rejected, or what a file was made of that
 * is whole by now.
 */
async function tidy(
  ctx: Of,
  { id, files }: Group,
  row: Row | undefined,
  { isDry, before }: ReconcileOptions & { before: Date },
  { orphans }: ReconcileReport,
): Promise<void> {
  const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1);
  const keepsFiles = row && row.status !== 'rejected';
  const doubtful = keepsFiles ? files.filter(({ key }) => isUploadPart(nameOf(key))) : files;
  const old = doubtful.filter(({ modifiedAt }) => modifiedAt < before);
  if (old.length === 0 || (isId('att', id) && (await isUnderWay(ctx, id, row !== undefined))))
    return;
  for (const { key, sizeBytes } of old) {
    orphans.files++;
    orphans.bytes += sizeBytes;
    if (!isDry) await ctx.files.storage.delete(key);
  }
}

/** Asked after the file was listed, so that what has come meanwhile is known. */
async function isUnderWay(ctx: Of, id: Id<'att'>, isRow: boolean): Promise<boolean> {
  const its = sql`tenant_id = ${toUuid(ctx.tenantId)}::uuid and id = ${toUuid(id)}::uuid`;
  const [row] = await readTenant(ctx, ({ tx }) =>
    tx.execute(sql`select exists (select from uploads where ${its}) as uploading,
      exists (select from byte_reservations where ${its}) as reserved,
      exists (select from attachments where ${its}) as kept`),
  );
  return row?.uploading === true || row?.reserved === true || (!isRow && row?.kept === true);
}

/** Of what is ready: whether its bytes are there, and the ones that were stored. */
async function lookAt(
  ctx: Of,
  { id, status, sha256 }: Row,
  { isDry, withChecksums }: ReconcileOptions,
  { missing, damaged }: ReconcileReport,
  group?: Group,
): Promise<void> {
  if (status !== 'ready') return;
  const key = storageKey(ctx.tenantId, id);
  const isThere =
    group?.files.some((file) => file.key === key) || (await ctx.files.storage.exists(key));
  if (!isThere) {
    if (missing.length < MOST_NAMED) missing.push(id);
    if (!isDry) await withTenant(ctx, (tenant) => rejectAttachment(tenant, id, 'FILE_MISSING'));
  } else if (withChecksums && sha256 !== (await checksumOf(ctx, key))) {
    if (damaged.length < MOST_NAMED) damaged.push(id);
  }
}

async function checksumOf({ files: { storage } }: Of, key: string): Promise<string> {
  const meter = createMeter();
  for await (const _ of meter.through(readChunks(await storage.download(key))));
  return meter.result().sha256;
}
