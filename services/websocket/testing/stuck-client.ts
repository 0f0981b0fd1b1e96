import { openRawWebSocket, until } from '@insightdesk/shared/testing';

/** A Socket.IO client that subscribes to a channel and stops reading when paused. */
export async function connectStuckClient(
  address: string,
  token: string,
  channel: string,
  { extensions = 'none' } = {},
) {
  const socket = openRawWebSocket(address, { extensions });
  const has = (text: string) => socket.received().includes(text);
  await until(() => has('"sid"'));
  socket.send(`40${JSON.stringify({ token })}`);
  await until(() => has('40{"sid"'));
  socket.send(`420${JSON.stringify(['subscribe', { channel }])}`);
  await until(() => has('430[{"ok":true'));
  return socket;
}
