import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { Channels, parseChannel } from './channels.ts';

const usr = newId('usr');
const org = newId('org');
const cnv = newId('cnv');

test.each([
  [Channels.userPrivate(usr), `private-user-${usr}`, { kind: 'user', id: usr }],
  [Channels.organization(org), `private-organization-${org}`, { kind: 'organization', id: org }],
  [Channels.conversation(cnv), `private-conversation-${cnv}`, { kind: 'conversation', id: cnv }],
  [
    Channels.conversationStaff(cnv),
    `private-conversation-${cnv}-staff`,
    { kind: 'conversation-staff', id: cnv },
  ],
  [
    Channels.organizationPresence(org),
    `presence-organization-${org}`,
    { kind: 'organization-presence', id: org },
  ],
  [
    Channels.conversationPresence(cnv),
    `presence-conversation-${cnv}`,
    { kind: 'conversation-presence', id: cnv },
  ],
])('%s has its contract name and comes apart again', (channel, name, parsed) => {
  expect<string>(channel).toBe(name);
  expect(parseChannel(channel)).toEqual(parsed as never);
});

test.each([
  '',
  'private-user-',
  `private-user-${cnv}`,
  `private-organization-${org}-staff`,
  `presence-conversation-${cnv}-staff`,
  `presence-user-${usr}`,
  `private-conversation-${cnv}\n`,
  ` private-conversation-${cnv}`,
  `private-conversation-${cnv.toUpperCase()}`,
  `private-conversation-${cnv}-staff-staff`,
  'private-conversation-*',
  `private-conversation-${cnv}`.padEnd(5_000, 'a'),
])('%p is no channel', (name) => {
  expect(parseChannel(name)).toBeUndefined();
});
