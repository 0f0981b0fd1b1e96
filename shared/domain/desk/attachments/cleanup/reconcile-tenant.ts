import { type Context, readTenant, withTenant } from '@insightdesk/shared/context';
import { type Id, isId, toUuid } from '@insightdesk/shared/contract';
import { readPages } from '@insightdesk/shared/database';
import type { ListedFile, StorageProvider } from '@insightdesk/shared/storage';
import { createByteMeter, readChunks } from '@insightdesk/shared/streams';
import { and, asc, eq, gt, lt, sql } from 'drizzle-orm';
import { rejectAttachment } from '../reject-attachment.ts';
import { isUploadPart, storageKey } from '../storage-key.ts';
import { attachments } from '../tables.ts';
import { deleteStoredFiles } from './delete-stored-files.ts';

/** What a reconciliation found, and fixed unless it was a dry run. */
export interface ReconcileReport {
  organizations: number;
  files: number;
  /** Stored files that no row references; deleted. */
  orphans: { files: number; bytes: number };
  /** Ready attachments whose file is missing; rejected. */
  missing: Id<'att'>[];
  /** Ready attachments whose checksum differs; only checked with `withChecksums`. */
  damaged: Id<'att'>[];
}

export interface ReconcileOptions {
  /** Reports only. */
  isDryRun: boolean;
  /** Younger files and rows may belong to an upload in progress and are skipped. */
  minAgeMs: number;
  /** Reads every file and compares its checksum. */
  withChecksums?: boolean;
  /** Only this organization. */
  tenantId?: Id<'org'> | undefined;
  signal: AbortSignal;
}

/** Maximum number of ids in a report; run it again for the rest. */
const MAX_LISTED_IDS = 1_000;

type TenantFiles = Context & { tenantId: Id<'org'> };

/** The stored files of one attachment. */
interface FileGroup {
  id: string;
  files: ListedFile[];
}

interface Row {
  id: Id<'att'>;
  status: string;
  sha256: string;
}

const PAGE = 500;

/** Compares the stored files of an organization with its rows; both are read in the order of ids. */
export async function reconcileTenant(
  ctx: TenantFiles,
  options: ReconcileOptions,
  report: ReconcileReport,
): Promise<void> {
  const before = new Date(Date.now() - options.minAgeMs);
  const rows = listRows(ctx, before);
  let row = await nextItem(rows);
  for await (const group of listFileGroups(ctx)) {
    options.signal.throwIfAborted();
    report.files += group.files.length;
    for (; row && row.id < group.id; row = await nextItem(rows)) {
      await checkRow(ctx, row, options, report);
    }
    const isKnown = row?.id === group.id;
    addOrphans(report, await deleteOrphans(ctx, group, isKnown ? row : undefined, options, before));
    if (!row || !isKnown) continue;
    await checkRow(ctx, row, options, report, group);
    row = await nextItem(rows);
  }
  for (; row; row = await nextItem(rows)) await checkRow(ctx, row, options, report);
}

export function addOrphans({ orphans }: ReconcileReport, more: ReconcileReport['orphans']): void {
  orphans.files += more.files;
  orphans.bytes += more.bytes;
}

const nextItem = async <T>(items: AsyncGenerator<T, void>): Promise<T | undefined> =>
  (await items.next()).value ?? undefined;

async function* listFileGroups({
  files: { storage },
  tenantId,
}: TenantFiles): AsyncGenerator<FileGroup, void> {
  const folder = storageKey(tenantId, '', '').slice(0, -1);
  let group: FileGroup | undefined;
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

function listRows(ctx: TenantFiles, before: Date): AsyncGenerator<Row, void> {
  const { id, status, sha256, tenantId, createdAt } = attachments;
  return readPages<Row>(PAGE, (last) =>
    readTenant(ctx, ({ tx }) =>
      tx
        .select({ id, status, sha256 })
        .from(attachments)
        .where(and(eq(tenantId, ctx.tenantId), lt(createdAt, before), last && gt(id, last.id)))
        .orderBy(asc(id))
        .limit(PAGE)
        .execute(),
    ),
  );
}

/**
 * Deletes what no row references: all files of an unknown or rejected attachment, the upload parts
 * of any other one. Nothing of an upload in progress.
 */
async function deleteOrphans(
  ctx: TenantFiles,
  { id, files }: FileGroup,
  row: Row | undefined,
  { isDryRun }: ReconcileOptions,
  before: Date,
): Promise<ReconcileReport['orphans']> {
  const isReferenced = row && row.status !== 'rejected';
  const isOrphan = ({ key, modifiedAt }: ListedFile) =>
    modifiedAt < before && (!isReferenced || isUploadPart(key));
  const isInUse =
    !files.some(isOrphan) || (isId('att', id) && (await isInProgress(ctx, id, row !== undefined)));
  return deleteStoredFiles(ctx, isInUse ? [] : files, { isOrphan, isDryRun });
}

/** Asked after the files were listed, so that uploads that completed meanwhile are known. */
async function isInProgress(ctx: TenantFiles, id: Id<'att'>, hasRow: boolean): Promise<boolean> {
  const isThis = sql`tenant_id = ${toUuid(ctx.tenantId)}::uuid and id = ${toUuid(id)}::uuid`;
  const [found] = await readTenant(ctx, ({ tx }) =>
    tx.execute(sql`select exists (select from uploads where ${isThis}) as uploading,
      exists (select from byte_reservations where ${isThis}) as reserved,
      exists (select from attachments where ${isThis}) as attached`),
  );
  if (found?.uploading === true || found?.reserved === true) return true;
  return !hasRow && found?.attached === true;
}

/** Checks that the file of a ready attachment exists, and its checksum if wanted. */
async function checkRow(
  ctx: TenantFiles,
  { id, status, sha256 }: Row,
  { isDryRun, withChecksums }: ReconcileOptions,
  { missing, damaged }: ReconcileReport,
  group?: FileGroup,
): Promise<void> {
  if (status !== 'ready') return;
  const key = storageKey(ctx.tenantId, id);
  const exists =
    group?.files.some((file) => file.key === key) || (await ctx.files.storage.exists(key));
  if (!exists) {
    if (missing.length < MAX_LISTED_IDS) missing.push(id);
    if (!isDryRun) await withTenant(ctx, (tenant) => rejectAttachment(tenant, id, 'FILE_MISSING'));
  } else if (withChecksums && sha256 !== (await checksumOf(ctx, key))) {
    if (damaged.length < MAX_LISTED_IDS) damaged.push(id);
  }
}

async function checksumOf({ files: { storage } }: TenantFiles, key: string): Promise<string> {
  const meter = createByteMeter();
  for await (const _ of meter.through(readChunks(await storage.download(key))));
  return meter.result().sha256;
}
