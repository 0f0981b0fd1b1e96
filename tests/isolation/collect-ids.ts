import { mapConcurrent } from '@insightdesk/shared/promises';
import type { Operation } from './document.ts';
import { type IdParam, listIdParams } from './id-params.ts';
import { buildRequest, type IdValues, send } from './requests.ts';

const SAMPLES = 3;
const ROUNDS = 6;
const CONCURRENCY = 8;
const typeId = /\b([a-z]{2,8})_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g;

/** The ids that members of one organization can read. */
export interface CollectedIds {
  /** Ids for a parameter of an operation. */
  idsFor(operation: Operation, param: IdParam): string[];
  /** Whether the list at this route has items. */
  hasListed(path: string): boolean;
  /** Every id in a response. */
  readonly all: ReadonlySet<string>;
  /** Every link in a response, such as those of files. */
  readonly links: ReadonlySet<string>;
}

/** Ids of resources that no list contains, by the path of the list. */
export type UnlistedIds = Readonly<Record<string, string>>;

/** Reads every route with these tokens until no new id appears. */
export async function collectIds(
  operations: readonly Operation[],
  tokens: readonly string[],
  unlisted: UnlistedIds = {},
): Promise<CollectedIds> {
  const byParent = new Map(Object.entries(unlisted).map(([path, id]) => [path, new Set([id])]));
  const all = new Set<string>();
  const links = new Set<string>();
  const reads = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);

  function idsFor({ path }: Operation, { in: where, location: [name], prefix }: IdParam): string[] {
    const parent = path.slice(0, path.indexOf(`/{${name}}`));
    const listed = where === 'path' ? [...(byParent.get(parent) ?? [])] : [];
    const matching = listed.filter((id) => prefix === undefined || id.startsWith(`${prefix}_`));
    const samePrefix = [...all].filter((id) => prefix !== undefined && id.startsWith(`${prefix}_`));
    return matching.length > 0 ? matching : samePrefix;
  }

  async function read(token: string, operation: Operation, values: IdValues) {
    const request = buildRequest(operation, undefined, values);
    const { status, body } = await send(request, token);
    if (status !== 200) return;
    const text = JSON.stringify(body);
    for (const [id] of text.matchAll(typeId)) all.add(id);
    for (const [, link = ''] of text.matchAll(/"(?:https?:\/\/[^/"]+)?(\/v1\/[^"\s]+)"/g))
      links.add(link);
    const items = (body as { items?: { id?: string }[] }).items;
    const known = byParent.get(operation.path) ?? new Set();
    for (const { id } of items ?? []) if (id !== undefined) known.add(id);
    byParent.set(operation.path, known);
  }

  async function readAll(token: string) {
    await mapConcurrent(reads, CONCURRENCY, async (operation) => {
      const params = listIdParams(operation).filter((param) => param.in === 'path');
      for (let sample = 0; sample < (params.length > 0 ? SAMPLES : 1); sample++) {
        const values = params.map((param) => [param, idsFor(operation, param)[sample]] as const);
        if (values.every(([, id]) => id !== undefined))
          await read(token, operation, values as IdValues);
      }
    });
  }

  for (const token of tokens) {
    for (let round = 0, before = -1; round < ROUNDS && all.size > before; round++) {
      before = all.size;
      await readAll(token);
    }
  }
  const hasListed = (path: string) => (byParent.get(path)?.size ?? 0) > 0;
  return { idsFor, hasListed, all, links };
}
