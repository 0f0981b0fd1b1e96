import type { Operation } from './document.ts';
import { type IdSlot, idSlotsOf } from './id-params.ts';
import { type Filling, fill, send } from './requests.ts';

const SAMPLES = 3;
const ROUNDS = 4;
const typeId = /\b([a-z]{2,8})_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g;

/** What the members of one organisation can name, found by asking all that can be read. */
export interface Harvest {
  /** Ids of its things; `at` is the route and the parameter that takes them. */
  idsFor(operation: Operation, slot: IdSlot): string[];
  /** Whether the list at this route holds anything. */
  listed(path: string): boolean;
  /** Every id that an answer held. */
  readonly all: ReadonlySet<string>;
  /** Paths of ours that answers held, as those of files. */
  readonly links: ReadonlySet<string>;
}

/** Ids of what is in no list, by the path that it would have. */
export type Unlisted = Readonly<Record<string, string>>;

/** Reads all that these can read, one by one, from route to route until nothing new comes up. */
export async function harvest(
  operations: readonly Operation[],
  tokens: readonly string[],
  unlisted: Unlisted = {},
): Promise<Harvest> {
  const byParent = new Map(Object.entries(unlisted).map(([path, id]) => [path, new Set([id])]));
  const all = new Set<string>();
  const links = new Set<string>();
  const reads = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);

  function idsFor({ path }: Operation, { in: where, at: [name], prefix }: IdSlot): string[] {
    const parent = path.slice(0, path.indexOf(`/{${name}}`));
    const listed = where === 'path' ? [...(byParent.get(parent) ?? [])] : [];
    const fits = listed.filter((id) => prefix === undefined || id.startsWith(`${prefix}_`));
    const alike = [...all].filter((id) => prefix !== undefined && id.startsWith(`${prefix}_`));
    return fits.length > 0 ? fits : alike;
  }

  async function read(token: string, operation: Operation, filling: Filling) {
    const request = fill(operation, undefined, filling);
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
    for (const operation of reads) {
      const slots = idSlotsOf(operation).filter((slot) => slot.in === 'path');
      for (let sample = 0; sample < (slots.length > 0 ? SAMPLES : 1); sample++) {
        const filling = slots.map((slot) => [slot, idsFor(operation, slot)[sample]] as const);
        if (filling.every(([, id]) => id !== undefined))
          await read(token, operation, filling as Filling);
      }
    }
  }

  for (const token of tokens) {
    for (let round = 0, before = -1; round < ROUNDS && all.size > before; round++) {
      before = all.size;
      await readAll(token);
    }
  }
  const listed = (path: string) => (byParent.get(path)?.size ?? 0) > 0;
  return { idsFor, listed, all, links };
}
