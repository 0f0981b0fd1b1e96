import {
  accountPermissions,
  isAllowedWhileImpersonating,
  type KeyPermission,
  type Permission,
  type UserPermission,
} from '@insightdesk/shared/contract';
import { ForbiddenError, UnauthenticatedError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import { isMember } from './actor.ts';
import { requireCan } from './can.ts';
import type {
  Context,
  MemberContext,
  MemberTenantContext,
  UserContext,
  UserTenantContext,
} from './context.ts';
import { readTenant, withTenant } from './tenant.ts';

interface Description<I extends z.ZodType, O extends z.ZodType> {
  /** One line for the API reference. */
  summary: string;
  input: I;
  output: O;
  /** Identifies a state of the output; the part before a dash is the version. */
  etag?(result: z.input<O>): string;
  /** Whether `run` calls requireMatch. */
  requiresIfMatch?: boolean;
}

interface ForMembers {
  /** Whether users may call it before they have set up a required second factor. */
  duringSetup?: boolean;
  /**
   * Whether an account action concerns this organization only. Other account actions refuse a session
   * of the organization's identity provider or of customer sign-in, which authenticate nobody elsewhere.
   */
  allowsProviderSession?: boolean;
}

interface MemberAction<I extends z.ZodType, O extends z.ZodType, P extends Permission, C>
  extends Description<I, O>,
    ForMembers {
  /** The permission that the caller needs. */
  allow: P;
  /** `read`: all queries are issued before the first await and cost one round trip together. */
  transaction: 'read' | 'write';
  /** Whether a read may take long; heavy reads queue among themselves. */
  isHeavy?(input: z.output<I>): boolean;
  run(ctx: C, input: z.output<I>): Promise<z.input<O>>;
}

/** An action of members that opens its own transactions, because it also awaits other work. */
interface LongAction<I extends z.ZodType, O extends z.ZodType, P extends Permission, C>
  extends Description<I, O>,
    ForMembers {
  allow: P;
  transaction: 'own';
  run(ctx: C, input: z.output<I>): Promise<z.input<O>>;
}

interface PublicAction<I extends z.ZodType, O extends z.ZodType> extends Description<I, O> {
  allow: 'anyone';
  run(ctx: Context, input: z.output<I>): Promise<z.input<O>>;
}

type AnyMemberAction<I extends z.ZodType, O extends z.ZodType> =
  | MemberAction<I, O, Permission, MemberTenantContext>
  | LongAction<I, O, Permission, MemberContext>;

/** The context of an action has an actor that can hold the permission: users only, or also API keys. */
type Definition<I extends z.ZodType, O extends z.ZodType> =
  | MemberAction<I, O, KeyPermission, MemberTenantContext>
  | MemberAction<I, O, UserPermission, UserTenantContext>
  | LongAction<I, O, KeyPermission, MemberContext>
  | LongAction<I, O, UserPermission, UserContext>
  | PublicAction<I, O>;

/** A use case: callable, with the description that routes and API documents use. */
export interface Action<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  (ctx: Context, input: z.input<I>): Promise<z.input<O>>;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly allow: Permission | 'anyone';
  readonly etag?: (result: z.input<O>) => string;
  readonly requiresIfMatch: boolean;
}

/** Defines an action; a call checks the permission, then the input, then runs in its transaction. */
export function defineAction<I extends z.ZodType, O extends z.ZodType>(
  definition: Definition<I, O>,
): Action<I, O> {
  const { summary, input, output, allow, etag, requiresIfMatch = false } = definition;
  const call = async (ctx: Context, raw: z.input<I>) => {
    if (definition.allow === 'anyone') {
      return definition.run(ctx, definition.input.parse(raw));
    }
    // `requireMember` refuses an API key where `run` takes a user.
    const action: AnyMemberAction<I, O> = definition;
    const { duringSetup = false, allowsProviderSession = false } = action;
    const member = { ...requireMember(ctx, action.allow), duringSetup };
    if (!allowsProviderSession) rejectLimitedSession(member, action.allow);
    const parsed = action.input.parse(raw);
    if (action.transaction === 'own') return runIdempotently(ctx, () => action.run(member, parsed));
    const run = (tenant: MemberTenantContext) => action.run(tenant, parsed);
    if (action.transaction === 'read') {
      return readTenant(member, run, { isHeavy: action.isHeavy?.(parsed) ?? false });
    }
    return withTenant(member, async (tenant) => {
      const result = await run(tenant);
      ctx.idempotency?.store(tenant.tx, result);
      return result;
    });
  };
  return Object.assign(call, {
    summary,
    input,
    output,
    allow,
    requiresIfMatch,
    ...(etag && { etag }),
  });
}

/** The first transaction that writes reserves the key; the response is stored at the end. */
async function runIdempotently<R>(ctx: Context, run: () => Promise<R>): Promise<R> {
  const { idempotency } = ctx;
  if (!idempotency) return run();
  await readTenant(ctx, ({ tx }) => idempotency.check(tx));
  try {
    const result = await run();
    await idempotency.complete(result);
    return result;
  } catch (error) {
    await idempotency.release(error);
    throw error;
  }
}

function requireMember(ctx: Context, allow: Permission): MemberContext {
  const { actor, tenantId } = ctx;
  if (!isMember(actor) || !tenantId) throw new UnauthenticatedError('Sign in first');
  requireCan(actor, allow);
  const isImpersonated = actor.kind === 'user' && actor.operator !== undefined;
  if (isImpersonated && !isAllowedWhileImpersonating(allow)) {
    throw new ForbiddenError('Operators cannot do this while impersonating a user');
  }
  return { ...ctx, actor, tenantId };
}

/** Throws 403 PROVIDER_SESSION or CONTACT_SESSION for an account action in a session that is limited to its organization. */
function rejectLimitedSession({ actor }: MemberContext, allow: Permission): void {
  if (actor.kind !== 'user' || !accountPermissions.includes(allow)) return;
  if (actor.isContact) {
    throw new ForbiddenError('A session of customer sign-in is limited to its organization', {
      code: 'CONTACT_SESSION',
    });
  }
  if (!actor.providerId) return;
  throw new ForbiddenError(
    'A session of an identity provider is limited to its organization; sign in with a password',
    { code: 'PROVIDER_SESSION' },
  );
}
