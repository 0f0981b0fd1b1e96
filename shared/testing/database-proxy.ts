import { startTcpProxy } from './tcp-server.ts';
import { testEnvironment } from './test-environment.ts';

/** A TCP proxy to PostgreSQL that can refuse connections or drop traffic. Close it after the tests. */
export async function startDatabaseProxy() {
  const proxy = await startTcpProxy(testEnvironment.databaseUrl);
  return {
    ...proxy,
    /** Closes the current connections; new ones are refused until it is opened again. */
    setOpen: (isOpen: boolean) => proxy.set(isOpen ? 'open' : 'cut'),
  };
}
