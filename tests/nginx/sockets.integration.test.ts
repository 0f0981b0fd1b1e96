import { expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { listen, registerOwner } from '../e2e/client.ts';

test('a polling session is upgraded to WebSocket on the same replica', async () => {
  const person = await registerOwner();
  for (const replica of ['1', '2']) {
    const listener = await listen(person.token, { replica, transports: ['polling', 'websocket'] });
    const { engine } = listener.socket.io;
    const sid = engine.id;
    await until(() => engine.transport.name, { equals: 'websocket' });
    expect((await listener.subscribe(`private-user-${person.id}`)).ok).toBe(true);
    expect(listener.socket.io.engine.id).toBe(sid);
    expect(sid?.split('.')[0]).toBe(replica);
    listener.close();
  }
});
