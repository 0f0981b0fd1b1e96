import type { Id } from '@insightdesk/shared/contract';
import type { z } from 'zod';

/** What somebody sees of an event: its shape, and how it comes of the payload. */
export interface View<P = unknown> {
  readonly schema: z.ZodType;
  of(payload: P): unknown;
}

/** The conversation that an event belongs to; without a customer, staff keeps it to itself. */
export interface Surroundings {
  conversationId: Id<'cnv'>;
  customerId: Id<'usr'> | null;
}

/** Who hears of an event, and what each of them sees; nobody else does. */
export interface Audience<P = unknown, V = View<P>> {
  /** In which conversation; while it is in none, only `person` hears of it. */
  around?(payload: P): Surroundings | undefined;
  /** All staff of the organisation. */
  staff?: V;
  /** The customer of the conversation. */
  customer?: V;
  /** One person, on all devices. */
  person?: { who(payload: P): Id<'usr'> | undefined; sees: V };
  /** Channels of a feature's own, such as `private-board-{tsk}`. */
  also?: { channel(payload: P): string | undefined; sees: V };
  /** Whether the organisation's webhooks are told what staff sees. */
  webhooks?: boolean;
}

/** An audience as definitions write it; `payload` shows all of it. */
export type AudienceOf<S extends z.ZodType> = Audience<z.output<S>, 'payload' | View<z.output<S>>>;

/** Shows `schema`, made of the payload by `of`. */
export const sees = <P, V extends z.ZodType>(
  schema: V,
  of: (payload: P) => z.input<V>,
): View<P> => ({ schema, of });

/** An audience with each view spelled out. */
export function readAudience<S extends z.ZodType>(
  payload: S,
  { around, staff, customer, person, also, webhooks = false }: AudienceOf<S>,
): Audience {
  const whole: View = { schema: payload, of: (all) => all };
  const read = (view: 'payload' | View<z.output<S>>) => (view === 'payload' ? whole : view);
  if (webhooks && !staff) throw new TypeError('Webhooks tell what staff sees');
  if (customer && !around) throw new TypeError('A customer is one of a conversation');
  return {
    ...(around && { around }),
    ...(staff && { staff: read(staff) }),
    ...(customer && { customer: read(customer) }),
    ...(person && { person: { who: person.who, sees: read(person.sees) } }),
    ...(also && { also: { channel: also.channel, sees: read(also.sees) } }),
    webhooks,
  };
}
