import { afterAll, expect, test } from 'bun:test';
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { Channels, toUuid } from '@insightdesk/shared/contract';
import { connect, createListener } from '@insightdesk/shared/database';
import { changeRole, logout, removeMember } from '@insightdesk/shared/domain/identity/users';
import { type Room, roomOf } from '@insightdesk/shared/realtime';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  until,
  userOf,
} from '@insightdesk/shared/testing';
import { accessNotices } from './access-notices.ts';

const { context, close } = createTestContext();
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of closing.toReversed()) await end();
  await close();
});

/** Hears what the database says, through a door that can be shut. */
async function listen() {
  const { hostname, port } = new URL(testEnvironment.databaseUrl);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const door = createServer((inside) => {
    if (!isOpen) return inside.destroy();
    const outside = openSocket(Number(port), hostname);
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    inside.pipe(outside).pipe(inside);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const { port: doorPort } = door.address() as { port: number };
  const url = Object.assign(new URL(testEnvironment.databaseUrl), { port: String(doorPort) }).href;
  const heard: Room[] = [];
  let missed = 0;
  const sessions = {
    suspect: (rooms: Iterable<Room>) => void heard.push(...rooms),
    missed: () => void missed++,
  };
  const notices = createListener(url, accessNotices(sessions));
  await notices.start();
  closing.push(
    () => door.close(),
    () => notices.close(),
  );
  const shut = (open: boolean) => {
    isOpen = open;
    for (const socket of sockets) socket.destroy();
  };
  return { heard, missed: () => missed, shut };
}

test('each way to lose a session or a role is told by its rows', async () => {
  const { heard } = await listen();
  const { owner, member, tenantId } = await createTestTenant(context);
  const roomFor = (who: Awaited<ReturnType<typeof member>>) =>
    roomOf(tenantId, Channels.userPrivate(userOf(who)));
  const [leaving, removed, demoted] = [
    await member('agent'),
    await member('agent'),
    await member('agent'),
  ];
  await logout(leaving, {});
  await removeMember(owner, { userId: userOf(removed) });
  await changeRole(owner, { userId: userOf(demoted), role: 'customer' });
  const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
  closing.push(() => admin.end());
  await admin`update organizations set disabled_at = now() where id = ${toUuid(tenantId)}`;
  const wanted = [
    ...[leaving, removed, demoted].map(roomFor),
    roomOf(tenantId, Channels.organization(tenantId)),
  ];
  await until(() => wanted.every((room) => heard.includes(room)));
  expect(new Set(heard.filter((room) => wanted.includes(room)))).toEqual(new Set(wanted));
});

test('after a time without the database it listens again, and asks for everybody', async () => {
  const { heard, missed, shut } = await listen();
  const { member, tenantId } = await createTestTenant(context);
  const agent = await member('agent');
  expect(missed()).toBe(1);
  shut(false);
  await Bun.sleep(1_500);
  shut(true);
  await until(() => missed() > 1);
  await logout(agent, {});
  const room = roomOf(tenantId, Channels.userPrivate(userOf(agent)));
  await until(() => heard.includes(room));
});
