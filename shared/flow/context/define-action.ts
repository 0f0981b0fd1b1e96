import {
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
  /** Tells one state of what it gives from another; up to a dash it is the version. */
  etag?(result: z.input<O>): string;
  /** It looks at the version that its caller has seen: `requireMatch`. */
  looksAtVersion?: boolean;
}

interface ForMembers {
  /** Also for those who have yet to set up the second factor that their organisation requires. */
  duringSetup?: boolean;
}

interface MemberAction<I extends z.ZodType, O extends z.ZodType, P extends Permission, C>
  extends Description<I, O>,
    ForMembers {
  /** What its caller must be allowed to do. */
  allow: P;
  /** `read`: every query is issued before the first await and costs one round trip in total. */
  transaction: 'read' | 'write';
  /** Whether a read of this may take long; such ones wait for each other, and nobody for them. */
  isHeavy?(input: z.output<I>): boolean;
  run(ctx: C, input: z.output<I>): Promise<z.input<O>>;
}

/** A member's action that opens its own transactions, because it also waits for other things. */
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

/** Something somebody does: callable, and self-describing for routes and documents. */
export interface Action<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  (ctx: Context, input: z.input<I>): Promise<z.input<O>>;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly allow: Permission | 'anyone';
  readonly etag?: (result: z.input<O>) => string;
  readonly looksAtVersion: boolean;
}

/** Describes an action; calling it checks who, then what, then runs it in its transaction. */
export function defineAction<I extends z.ZodType, O extends z.ZodType>(
  definition: Definition<I, O>,
): Action<I, O> {
  const { summary, input, output, allow, etag, looksAtVersion = false } = definition;
  const call = async (ctx: Context, raw: z.input<I>) => {
    if (definition.allow === 'anyone') {
      const parsed = definition.input.parse(raw);
      return settled(ctx, () => definition.run(ctx, parsed));
    }
    // `requireMember` refuses an API key where `run` takes a user.
    const action: AnyMemberAction<I, O> = definition;
    const { duringSetup = false } = action;
    const member = { ...requireMember(ctx, action.allow), duringSetup };
    const parsed = action.input.parse(raw);
    if (action.transaction === 'own') return settled(ctx, () => action.run(member, parsed));
    const run = (tenant: MemberTenantContext) => action.run(tenant, parsed);
    if (action.transaction === 'read') {
      return readTenant(member, run, { isHeavy: action.isHeavy?.(parsed) ?? false });
    }
    return withTenant(member, async (tenant) => {
      const result = await run(tenant);
      ctx.once?.store(tenant.tx, result);
      return result;
    });
  };
  return Object.assign(call, {
    summary,
    input,
    output,
    allow,
    looksAtVersion,
    ...(etag && { etag }),
  });
}

/** Of several transactions the first that writes takes the request; its answer is kept at the end. */
async function settled<R>(ctx: Context, run: () => Promise<R>): Promise<R> {
  const { once } = ctx;
  if (!once) return run();
  if (isMember(ctx.actor)) await readTenant(ctx, ({ tx }) => once.look(tx));
  else await ctx.database.read({}, (tx) => once.look(tx));
  try {
    const result = await run();
    await once.settle(result);
    return result;
  } catch (error) {
    await once.release(error);
    throw error;
  }
}

function requireMember(ctx: Context, allow: Permission): MemberContext {
  const { actor, tenantId } = ctx;
  if (!isMember(actor) || !tenantId) throw new UnauthenticatedError('Sign in first');
  requireCan(actor, allow);
  const isImpersonated = actor.kind === 'user' && actor.operator !== undefined;
  if (isImpersonated && !isAllowedWhileImpersonating(allow)) {
    throw new ForbiddenError('Operators may not do this in others’ names');
  }
  return { ...ctx, actor, tenantId };
}
