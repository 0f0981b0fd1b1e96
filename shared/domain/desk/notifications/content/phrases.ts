import type { BuiltInLanguage } from '../templates/catalog.ts';

/** The fixed texts of emails about conversations. */
export const phrases: Readonly<
  Record<
    BuiltInLanguage,
    {
      wrote(name: string): string;
      more(count: number): string;
      open: string;
      footer(number: number): string;
      digestFooter(product: string, organization: string): string;
      unsubscribe: string;
    }
  >
> = {
  en: {
    wrote: (name) => `${name} wrote:`,
    more: (count) => `And ${count} more ${count === 1 ? 'message' : 'messages'}.`,
    open: 'Open the conversation',
    footer: (number) =>
      `Conversation #${number}. You receive this e-mail because you take part in it.`,
    digestFooter: (product, organization) =>
      `Sent by ${product} on behalf of ${organization}, once a day.`,
    unsubscribe: 'Unsubscribe',
  },
  de: {
    wrote: (name) => `${name} schrieb:`,
    more: (count) => `Und ${count} weitere ${count === 1 ? 'Nachricht' : 'Nachrichten'}.`,
    open: 'Unterhaltung öffnen',
    footer: (number) =>
      `Unterhaltung #${number}. Sie erhalten diese E-Mail, weil Sie daran teilnehmen.`,
    digestFooter: (product, organization) =>
      `Gesendet von ${product} im Auftrag von ${organization}, einmal am Tag.`,
    unsubscribe: 'Abbestellen',
  },
};
