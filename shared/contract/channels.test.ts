import { expect, test } from 'bun:test';
import { Channels, matchChannel } from './channels.ts';
import { fromUuid, type IdPrefix } from './ids.ts';

const newId = <P extends IdPrefix>(prefix: P) => fromUuid(prefix, crypto.randomUUID());

const [usr, org, cnv] = [newId('usr'), newId('org'), newId('cnv')];

test.each([
  [Channels.userPrivate(usr), `private-user-${usr}`],
  [Channels.organization(org), `private-organization-${org}`],
  [Channels.conversation(cnv), `private-conversation-${cnv}`],
  [Channels.conversationStaff(cnv), `private-conversation-${cnv}-staff`],
  [Channels.organizationPresence(org), `presence-organization-${org}`],
  [Channels.conversationPresence(cnv), `presence-conversation-${cnv}`],
])('Channels: %s has the name of the contract', (channel, name) => {
  expect<string>(channel).toBe(name);
});

test('matchChannel: returns the ids of a name, with any number of ids', () => {
  const two = matchChannel('private-watch-{cnv}-by-{usr}', `private-watch-${cnv}-by-${usr}`);
  expect(two).toEqual({ cnv, usr });
  expect(matchChannel('private-user-{usr}', `private-user-${usr}`)).toEqual({ usr });
  expect(matchChannel('public-news', 'public-news')).toEqual({});
  expect(matchChannel('public-news', 'public-newsx')).toBeUndefined();
});

test.each([
  '',
  'private-conversation-',
  'private-conversation-{cnv}',
  'private-conversation-*',
  `private-conversation-${usr}`,
  `private-conversation-${cnv}-staff`,
  `private-conversation-${cnv}\n`,
  ` private-conversation-${cnv}`,
  `private-conversation-${cnv.toUpperCase()}`,
  `private-conversation-cnv_${'8'.repeat(26)}`,
  `private-conversation-${cnv}`.padEnd(5_000, 'a'),
  `private-conversation-${cnv}${cnv}`,
])('matchChannel: %p does not match a conversation', (name) => {
  expect(matchChannel('private-conversation-{cnv}', name)).toBeUndefined();
});

test.each([
  '*',
  'private-*',
  'private-.+',
  'private-{cnv}|x',
  'private-{conversation}',
  'secret-{cnv}',
  'private-user:{usr}',
  'org_1/private-{usr}',
  'private-{usr}-{usr}',
])('matchChannel: the pattern %p is refused', (pattern) => {
  expect(() => matchChannel(pattern, '')).toThrow();
});
