import { type Account, password, post, register } from '../stack.ts';

/** Sooner than a token ends. */
const FRESH_MS = 5 * 60_000;

/** A person of an organisation of their own, and a token of theirs whenever it is asked for. */
export async function openAccount() {
  const { user, accessToken } = await register();
  let [token, since] = [accessToken, performance.now()];
  return async () => {
    if (performance.now() - since > FRESH_MS) {
      const again = await post<Account>('/v1/auth/login', { email: user.email, password });
      [token, since] = [again.accessToken, performance.now()];
    }
    return token;
  };
}
