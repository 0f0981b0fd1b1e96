import { afterAll, beforeAll, expect, test } from 'bun:test';
import { call, isLocalStack, registerOwner, type TestUser } from './client.ts';
import { startPrivateStack } from './private-stack.ts';

// The test stack has no limits, so this test starts one with limits.
const MAX_REQUESTS = 40;
const stackTest = test.skipIf(!isLocalStack);
let stack: Awaited<ReturnType<typeof startPrivateStack>> | undefined;
let owner: TestUser;

beforeAll(async () => {
  if (!isLocalStack) return;
  stack = await startPrivateStack({
    variables: { RATE_LIMIT_MAX_REQUESTS: `${MAX_REQUESTS}`, RATE_LIMIT_WINDOW_MS: '600000' },
  });
  owner = await registerOwner();
}, 65_000);

afterAll(() => stack?.close());

const randomAddress = () => `203.0.113.${Math.floor(Math.random() * 255)}`;

stackTest(
  'one address has one rate limit on both replicas, also with forged address headers',
  async () => {
    const responses = await Promise.all(
      Array.from({ length: 100 }, () =>
        call('GET', '/v1/me', {
          token: owner.token,
          headers: { 'X-Forwarded-For': randomAddress(), 'Fly-Client-IP': randomAddress() },
        }),
      ),
    );
    const withStatus = (status: number) =>
      responses.filter((response) => response.status === status);
    // The registration counted, too.
    expect(withStatus(200)).toHaveLength(MAX_REQUESTS - 1);
    expect(withStatus(429)).toHaveLength(100 - (MAX_REQUESTS - 1));
    const [refused] = withStatus(429);
    expect(refused?.headers.get('RateLimit')).toMatch(/^"address";r=0;t=\d+/);
    expect(refused?.headers.get('RateLimit-Policy')).toContain(`"address";q=${MAX_REQUESTS};w=600`);
    expect(Number(refused?.headers.get('Retry-After'))).toBeGreaterThan(0);
    for (const { url } of stack?.run.services.filter(({ kind }) => kind === 'api') ?? []) {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/_count\{[^}]*status="429"[^}]*\} [1-9]/);
    }
    expect((await call('GET', '/health')).status).toBe(200);
  },
);
