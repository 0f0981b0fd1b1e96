import { customerSignIn } from './customer-sign-in.ts';
import * as desk from './desk.ts';
import * as identity from './identity.ts';
import * as integrations from './integrations.ts';
import * as organization from './organization.ts';
import type { OperationText, Section } from './section.ts';

export type { Section } from './section.ts';

/** Tags and texts of all operations, in the order of the API reference. A new route adds a line here. */
export const sections: readonly Section[] = [
  identity.authentication,
  customerSignIn,
  desk.contacts,
  desk.companies,
  desk.conversations,
  desk.emails,
  desk.files,
  integrations.webhooks,
  integrations.events,
  identity.account,
  identity.members,
  identity.invitations,
  identity.roles,
  identity.apiKeys,
  identity.secondFactor,
  identity.singleSignOn,
  organization.organization,
  organization.audit,
  integrations.jobs,
  organization.health,
];

/** Tag and text of an operation; `name` is like `GET /v1/roles/{id}`. */
interface Described extends OperationText {
  tag: string;
}

const described = new Map<string, Described>(
  sections.flatMap(({ tag, operations }) =>
    Object.entries(operations).map(([name, entry]): [string, Described] => [
      name,
      { tag, ...(typeof entry === 'string' ? { text: entry } : entry) },
    ]),
  ),
);

/** The section of an operation; a test refuses a route without one. */
export const describeOperation = (name: string): Described | undefined => described.get(name);
