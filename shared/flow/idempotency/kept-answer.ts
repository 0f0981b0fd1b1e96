import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { type Database, type Tx, withCommit } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';

/** What the database knows of a request. */
export interface Kept {
  fingerprint: string;
  /** Unset while it is not known, and when it is not kept. */
  answer: string | null;
  answered: boolean;
  /** Begun a moment ago. */
  fresh: boolean;
}

/** Stands in for the organisation of those who have none yet. */
const nobodys = fromUuid('org', '00000000-0000-0000-0000-000000000000');

/** The row of one request, of an organisation's or of nobody's. */
export function keptAnswer(database: Database, owner: Id<'org'> | undefined, id: string) {
  const tenant = sql`${toUuid(owner ?? nobodys)}::uuid`;
  const scope = owner ? { tenantId: owner } : {};
  const keep = (tx: Tx, answer: string | null) =>
    withCommit(
      tx,
      tx.execute(sql`select app.keep_answer(${tenant}, ${id}, ${answer}::text)`).execute(),
    );
  async function findIn(tx: Tx) {
    const query = sql`select * from app.find_request(${tenant}, ${id})`;
    const [kept] = await tx.execute(query).execute();
    return kept as Kept | undefined;
  }
  return {
    findIn,
    find: () => database.read(scope, findIn),
    /** Leaves with what comes next; fails as `app.claim_request` says. */
    claim(tx: Tx, print: string): Promise<unknown> {
      const claim = sql`select app.claim_request(${tenant}, ${id}, ${print})`;
      const claiming = tx.execute(claim).execute();
      withCommit(tx, claiming);
      return claiming;
    },
    keep,
    keepLater: (answer: string | null) =>
      database.write(scope, async (tx) => {
        keep(tx, answer);
      }),
    forget: () =>
      database.write(scope, (tx) => tx.execute(sql`select app.forget_request(${tenant}, ${id})`)),
  };
}
