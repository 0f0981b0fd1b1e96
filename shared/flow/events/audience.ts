import type { Id } from '@insightdesk/shared/contract';
import type { z } from 'zod';

/** What a recipient gets of an event: its schema, and how it is made of the payload. */
export interface View<P = unknown> {
  readonly schema: z.ZodType;
  map(payload: P): unknown;
}

/** The conversation that an event belongs to; without a customer, only staff receives the event. */
export interface AudienceConversation {
  conversationId: Id<'cnv'>;
  customerId: Id<'usr'> | null;
}

/** Who receives an event, and the view that each of them gets. */
export interface Audience<P = unknown, V = View<P>> {
  /** The conversation of the event; if there is none, only `recipient` receives it. */
  conversation?(payload: P): AudienceConversation | undefined;
  /** All staff of the organization. */
  staff?: V;
  /** The customer of the conversation. */
  customer?: V;
  /** Everyone in the organization, customers too, by its public channel. */
  everyone?: V;
  /** One user, on all devices. */
  recipient?: { userId(payload: P): Id<'usr'> | undefined; view: V };
  /** A channel of the feature, such as `private-board-{tsk}`. */
  extraChannel?: { channel(payload: P): string | undefined; view: V };
  /** Whether webhooks of the organization receive the view of staff. */
  webhooks?: boolean;
}

/** An audience as definitions write it; `payload` is a view of the whole payload. */
export type AudienceOf<S extends z.ZodType> = Audience<z.output<S>, 'payload' | View<z.output<S>>>;

/** A view with this schema, made of the payload by `map`. */
export const viewOf = <P, V extends z.ZodType>(
  schema: V,
  map: (payload: P) => z.input<V>,
): View<P> => ({ schema, map });

/** Replaces `payload` by a view of the whole payload. */
export function readAudience<S extends z.ZodType>(payload: S, audience: AudienceOf<S>): Audience {
  const {
    conversation,
    staff,
    customer,
    everyone,
    recipient,
    extraChannel,
    webhooks = false,
    ...rest
  } = audience;
  const [unknown] = Object.keys(rest);
  if (unknown) throw new TypeError(`Unknown option ${unknown}`);
  const wholePayload: View = { schema: payload, map: (value) => value };
  const read = (view: 'payload' | View<z.output<S>>) => (view === 'payload' ? wholePayload : view);
  if (webhooks && !staff) throw new TypeError('webhooks requires a view for staff');
  if (customer && !conversation) throw new TypeError('customer requires conversation');
  return {
    ...(conversation && { conversation }),
    ...(staff && { staff: read(staff) }),
    ...(customer && { customer: read(customer) }),
    ...(everyone && { everyone: read(everyone) }),
    ...(recipient && { recipient: { userId: recipient.userId, view: read(recipient.view) } }),
    ...(extraChannel && {
      extraChannel: { channel: extraChannel.channel, view: read(extraChannel.view) },
    }),
    webhooks,
  };
}
