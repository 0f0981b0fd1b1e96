import { readStack, serviceOf } from '../sockets/our-side.ts';

/** Sooner than a token ends. */
const FRESH_MS = 5 * 60_000;
const password = 'correct horse battery';

/** A person of an organisation of their own, and a token of theirs whenever it is asked for. */
export async function openAccount() {
  const email = `bench-${crypto.randomUUID()}@example.com`;
  const post = async (path: string, body: object): Promise<string> => {
    const { url } = serviceOf('api', readStack());
    const answer = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { accessToken: string }).accessToken;
  };
  const person = { email, password, name: 'Bench', organizationName: 'Bench' };
  let token = await post('/v1/auth/register', person);
  let since = performance.now();
  return async () => {
    if (performance.now() - since > FRESH_MS) {
      token = await post('/v1/auth/login', { email, password });
      since = performance.now();
    }
    return token;
  };
}
