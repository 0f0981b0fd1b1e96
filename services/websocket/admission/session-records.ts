import { standingOf } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  FactorRequiredError,
  ForbiddenError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import type { Access } from '../connection/connection.ts';

/** What a token says of a login session. */
export type SessionClaims = Pick<Access, 'tenantId' | 'sessionId' | 'role' | 'grant'>;

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

/**
 * What is asked in one turn of the event loop, and while the last question of the organisation is
 * under way, is one question: after a deploy everybody comes at once.
 */
export function createSessionRecords(list: SessionRecords['list']): SessionRecords {
  const waiting = new Map<Id<'org'>, Question[]>();

  async function askAll(tenantId: Id<'org'>, questions: Question[]): Promise<void> {
    await nextTurn();
    while (questions.length > 0) await ask(tenantId, questions.splice(0, PAGE_LENGTH));
    waiting.delete(tenantId);
  }

  async function ask(tenantId: Id<'org'>, questions: Question[]): Promise<void> {
    try {
      const live = await list(tenantId, [...new Set(questions.map((one) => one.claims.sessionId))]);
      for (const { claims, answered } of questions) {
        const refusal = refusalOf(claims, live.get(claims.sessionId));
        if (refusal) answered.reject(refusal);
        else answered.resolve();
      }
    } catch (error) {
      for (const { answered } of questions) answered.reject(error);
    }
  }

  return {
    list,
    require(claims) {
      const answered = Promise.withResolvers<void>();
      const question = { claims, answered };
      const others = waiting.get(claims.tenantId);
      if (others) {
        others.push(question);
      } else {
        const questions = [question];
        waiting.set(claims.tenantId, questions);
        void askAll(claims.tenantId, questions);
      }
      return answered.promise;
    },
  };
}

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
