import { mayForOthers, type Permission } from '@insightdesk/shared/contract';
import { ForbiddenError, UnauthenticatedError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import { requireCan } from './can.ts';
import type { Context, MemberContext, UserContext } from './context.ts';
import { readTenant, withTenant } from './tenant.ts';

interface Description<I extends z.ZodType, O extends z.ZodType> {
  /** One line for the API reference. */
  summary: string;
  input: I;
  output: O;
}

interface MemberAction<I extends z.ZodType, O extends z.ZodType> extends Description<I, O> {
  /** What its caller must be allowed to do. */
  allow: Permission;
  /** `read`: every query is issued before the first await and costs one round trip in total. */
  transaction: 'read' | 'write';
  run(ctx: UserContext, input: z.output<I>): Promise<z.input<O>>;
}

/** A member's action that opens its own transactions, because it also waits for other things. */
interface LongAction<I extends z.ZodType, O extends z.ZodType> extends Description<I, O> {
  allow: Permission;
  transaction: 'own';
  run(ctx: MemberContext, input: z.output<I>): Promise<z.input<O>>;
}

interface PublicAction<I extends z.ZodType, O extends z.ZodType> extends Description<I, O> {
  allow: 'anyone';
  run(ctx: Context, input: z.output<I>): Promise<z.input<O>>;
}

/** Something somebody does: callable, and self-describing for routes and documents. */
export interface Action<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  (ctx: Context, input: z.input<I>): Promise<z.input<O>>;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  readonly allow: Permission | 'anyone';
}

/** Describes an action; calling it checks who, then what, then runs it in its transaction. */
export function defineAction<I extends z.ZodType, O extends z.ZodType>(
  definition: MemberAction<I, O> | LongAction<I, O> | PublicAction<I, O>,
): Action<I, O> {
  const { summary, input, output, allow } = definition;
  const call = async (ctx: Context, raw: z.input<I>) => {
    if (definition.allow === 'anyone') return definition.run(ctx, definition.input.parse(raw));
    const member = requireMember(ctx, definition.allow);
    const parsed = definition.input.parse(raw);
    if (definition.transaction === 'own') return definition.run(member, parsed);
    const run = (tenant: UserContext) => definition.run(tenant, parsed);
    return definition.transaction === 'read' ? readTenant(member, run) : withTenant(member, run);
  };
  return Object.assign(call, { summary, input, output, allow });
}

function requireMember(ctx: Context, allow: Permission): MemberContext {
  const { actor, tenantId } = ctx;
  if (actor.kind !== 'user' || !tenantId) throw new UnauthenticatedError('Sign in first');
  requireCan(actor, allow);
  if (actor.operator !== undefined && !mayForOthers(allow)) {
    throw new ForbiddenError('Operators may not do this in others’ names');
  }
  return { ...ctx, actor, tenantId };
}
