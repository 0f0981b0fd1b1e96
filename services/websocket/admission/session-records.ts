import { standingOf } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  FactorRequiredError,
  ForbiddenError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import { createAdmissions } from '@insightdesk/shared/utils';
import type { Access } from '../connection/connection.ts';
import type { SessionSource } from './session-source.ts';

/** What a token says of a login session. */
export type SessionClaims = Pick<Access, 'tenantId' | 'userId' | 'sessionId' | 'role' | 'grant'>;

/** What the database says of login sessions. */
export interface SessionRecords {
  /** Throws when the session has ended, its member's standing is another by now, or nobody may come in. */
  require(claims: SessionClaims): Promise<void>;
  /** Those that are live, each with its member's standing, `none` while nobody may come in, `setup` without a required factor. */
  list(tenantId: Id<'org'>, sessionIds: readonly Id<'ses'>[]): Promise<Map<Id<'ses'>, string>>;
}

/** The longest list of sessions that is asked for at once. */
export const PAGE_LENGTH = 500;

interface Question {
  claims: SessionClaims;
  answered: PromiseWithResolvers<void>;
}

/** A question that has to be answered by looking up; at which epoch, and when that was asked for. */
interface LookUp extends Question {
  epoch: string | null;
  at: number;
}

/**
 * What is asked in one turn of the event loop, and while the last question is under way, is one
 * question: after a deploy everybody comes at once. It is for the epochs of the organisations
 * (`docs/adr/0031-let-in-a-moment-ago.md`): who was live a moment ago, at the same epoch, still is.
 * The others are looked up, by organisation, and in the same way.
 */
export function createSessionRecords(
  { list, epochs }: SessionSource,
  admissions = createAdmissions(),
): SessionRecords {
  const asked: Question[] = [];
  const waiting = new Map<Id<'org'>, LookUp[]>();
  let isAsking = false;

  async function askAll(): Promise<void> {
    isAsking = true;
    await nextTurn();
    while (asked.length > 0) await askEpochs(asked.splice(0));
    isAsking = false;
  }

  async function askEpochs(questions: Question[]): Promise<void> {
    try {
      const at = admissions.now();
      const now = await epochs([...new Set(questions.map((one) => one.claims.tenantId))]);
      for (const question of questions) {
        const { claims, answered } = question;
        const epoch = now.get(claims.tenantId) ?? null;
        if (admissions.find(comerOf(claims))?.epoch === epoch) answered.resolve();
        else lookUp({ ...question, epoch, at });
      }
    } catch (error) {
      for (const { answered } of questions) answered.reject(error);
    }
  }

  function lookUp(one: LookUp): void {
    const { tenantId } = one.claims;
    const others = waiting.get(tenantId);
    if (others) return void others.push(one);
    const lookUps = [one];
    waiting.set(tenantId, lookUps);
    void lookUpAll(tenantId, lookUps);
  }

  async function lookUpAll(tenantId: Id<'org'>, lookUps: LookUp[]): Promise<void> {
    // Those of the same answer have yet to come.
    await undefined;
    while (lookUps.length > 0) await lookUpPage(tenantId, lookUps.splice(0, PAGE_LENGTH));
    waiting.delete(tenantId);
  }

  async function lookUpPage(tenantId: Id<'org'>, page: LookUp[]): Promise<void> {
    try {
      const live = await list(tenantId, [...new Set(page.map((one) => one.claims.sessionId))]);
      for (const { claims, answered, ...admission } of page) {
        const refusal = refusalOf(claims, live.get(claims.sessionId));
        if (refusal) {
          answered.reject(refusal);
        } else {
          admissions.keep(comerOf(claims), admission);
          answered.resolve();
        }
      }
    } catch (error) {
      for (const { answered } of page) answered.reject(error);
    }
  }

  return {
    list,
    require(claims) {
      const answered = Promise.withResolvers<void>();
      asked.push({ claims, answered });
      if (!isAsking) void askAll();
      return answered.promise;
    },
  };
}

const comerOf = (claims: SessionClaims) => ({
  tenantId: claims.tenantId,
  userId: claims.userId,
  sessionId: claims.sessionId,
  standing: standingOf(claims),
  duringSetup: false,
});

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function refusalOf(claims: SessionClaims, now: string | undefined): Error | undefined {
  if (now === standingOf(claims)) return undefined;
  if (now === 'none') {
    return new ForbiddenError('This organisation is disabled', { code: 'ORGANIZATION_DISABLED' });
  }
  if (now === 'setup') return new FactorRequiredError();
  if (now !== undefined) {
    const message = 'What you may do has changed; refresh your token';
    return new UnauthenticatedError(message, { code: 'ACCESS_CHANGED' });
  }
  return new UnauthenticatedError('This session has ended', { code: 'SESSION_ENDED' });
}
