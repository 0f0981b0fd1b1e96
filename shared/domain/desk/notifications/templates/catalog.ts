/** The emails with texts that an organization can change. */
export const templateNames = [
  'conversation-messages',
  'digest',
  'invitation',
  'sign-in-code',
] as const;
export type TemplateName = (typeof templateNames)[number];

/** Languages of the built-in texts. */
export const builtInLanguages = ['en', 'de'] as const;
export type BuiltInLanguage = (typeof builtInLanguages)[number];

/** Plain text; an empty line separates paragraphs. */
export interface TemplateText {
  subject: string;
  body: string;
}

interface TemplateDefinition {
  description: string;
  /** Sample values of a preview, by placeholder. */
  placeholders: Readonly<Record<string, string>>;
  /** The placeholder of the content: a paragraph of its own, and required. */
  block?: { name: string; sample: readonly string[] };
  /** Required in the body. */
  required?: readonly string[];
  /** False for emails to people who do not know the organization yet. */
  allowsLinks: boolean;
  texts: Readonly<Record<BuiltInLanguage, TemplateText>>;
}

const common = { 'organization.name': 'Acme', 'product.name': 'InsightDesk' };

export const templateCatalog: Readonly<Record<TemplateName, TemplateDefinition>> = {
  'conversation-messages': {
    description: 'New messages of one conversation',
    placeholders: {
      ...common,
      'recipient.name': 'Carla Customer',
      'customer.name': 'Carla Customer',
      'author.name': 'Ada',
      'conversation.number': '7',
      'conversation.subject': 'My lamp is broken',
      'messages.count': '2',
    },
    block: {
      name: 'messages',
      sample: ['“Ada” wrote:', 'Please try another bulb.', 'Did that help?'],
    },
    allowsLinks: true,
    texts: {
      en: { subject: '#{{conversation.number}} {{conversation.subject}}', body: '{{messages}}' },
      de: { subject: '#{{conversation.number}} {{conversation.subject}}', body: '{{messages}}' },
    },
  },
  digest: {
    description: 'New messages of several conversations, once a day',
    placeholders: {
      ...common,
      'recipient.name': 'Ada',
      'conversations.count': '2',
      'messages.count': '3',
    },
    block: {
      name: 'conversations',
      sample: [
        '#7 My lamp is broken\nhttps://desk.example/conversations/cnv_01h2xcejqtf2nbrexx3vqjhp41',
        '“Carla Customer” wrote:',
        'It does not light up any more.',
      ],
    },
    allowsLinks: true,
    texts: {
      en: {
        subject: 'New messages in {{conversations.count}} conversations',
        body: '{{conversations}}',
      },
      de: {
        subject: 'Neue Nachrichten in {{conversations.count}} Unterhaltungen',
        body: '{{conversations}}',
      },
    },
  },
  invitation: {
    description: 'An invitation to join the organization',
    placeholders: { ...common, 'inviter.name': 'Olivia Owner', role: 'agent' },
    allowsLinks: false,
    texts: {
      en: {
        subject: 'You are invited to join {{organization.name}}',
        body: '{{inviter.name}} invites you to join {{organization.name}} as {{role}}. They chose the names in quotation marks themselves.',
      },
      de: {
        subject: 'Einladung zu {{organization.name}}',
        body: '{{inviter.name}} lädt Sie ein, {{organization.name}} als {{role}} beizutreten. Die Namen in Anführungszeichen haben sie selbst gewählt.',
      },
    },
  },
  'sign-in-code': {
    description: 'The code with which a customer signs in',
    placeholders: { ...common, code: '123456', 'code.minutes': '10' },
    required: ['code'],
    allowsLinks: false,
    texts: {
      en: {
        subject: 'Your sign-in code',
        body: 'Your code to sign in to {{organization.name}} is {{code}}.\n\nIt expires in {{code.minutes}} minutes and can be used once. Do not share it: no one of {{organization.name}} asks for it.\n\nIf this was not you, ignore this e-mail. Nothing changes without the code.',
      },
      de: {
        subject: 'Ihr Anmeldecode',
        body: 'Ihr Code für die Anmeldung bei {{organization.name}} lautet {{code}}.\n\nEr läuft in {{code.minutes}} Minuten ab und kann einmal verwendet werden. Geben Sie ihn nicht weiter: Niemand von {{organization.name}} fragt danach.\n\nWenn Sie das nicht waren, ignorieren Sie diese E-Mail. Ohne den Code ändert sich nichts.',
      },
    },
  },
};
