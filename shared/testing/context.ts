import { createParts } from '@insightdesk/shared/boot';
import { loadConfig } from '@insightdesk/shared/config';
import { type Context, toActor } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import { members, openSession, register, users } from '@insightdesk/shared/domain/identity/users';
import { MemoryMailer } from '@insightdesk/shared/email';
import { createLogger } from '@insightdesk/shared/logging';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { newId } from '@insightdesk/shared/utils';
import { eq } from 'drizzle-orm';
import { testEnvironment } from './environment.ts';

/** Real database and Valkey, files and mail in memory. Close it after the tests. */
export function createTestContext(databaseUrl = testEnvironment.databaseUrl) {
  const { pathname } = new URL(databaseUrl);
  const beside = (url: string) => url && Object.assign(new URL(url), { pathname }).href;
  const config = loadConfig({
    environment: {
      NODE_ENV: 'test',
      DATABASE_URL: databaseUrl,
      DATABASE_RELAY_URL: beside(testEnvironment.relayUrl),
      DATABASE_IDENTITY_URL: beside(testEnvironment.identityUrl),
      VALKEY_URL: testEnvironment.valkeyUrl,
      ENCRYPTION_KEY: testEnvironment.encryptionKey,
    },
  });
  const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
  const container = createParts(config, log);
  const mailer = new MemoryMailer();
  container.rebind('storage', ({ fileUrls }) => createMemoryStorage({ signer: fileUrls }));
  container.rebind('mailer', () => mailer);
  const { connections } = container.parts;
  const context: Context = {
    ...connections,
    actor: { kind: 'anonymous' },
    tenantId: undefined,
    requestId: 'test',
    log,
  };
  return { context, config, log, mailer, parts: container.parts, close: () => container.dispose() };
}

/** An organisation of its own with one member of each role asked for. */
export async function createTestTenant(context: Context) {
  const { accessToken, organization } = await register(context, {
    email: `${newId('usr')}@example.com`,
    password: 'a long enough password',
    name: 'An owner',
    organizationName: 'A tenant',
  });
  const owner = await signedIn(context, accessToken);
  const tenantId = organization.id;
  await verifyAddress(context, userOf(owner));
  const member = async (role: Role): Promise<Context> => {
    const userId = newId('usr');
    const email = `${userId}@example.com`;
    await context.database.write({ tenantId }, async (tx) => {
      const person = { id: userId, email, name: `A ${role}` };
      await tx.insert(users).values({ ...person, emailVerifiedAt: new Date() });
      await tx.insert(members).values({ tenantId, userId, role });
    });
    const pair = await openSession(context, { tenantId, userId, role });
    return signedIn(context, pair.accessToken);
  };
  return { owner, tenantId, member };
}

/** Makes a person's address its own, as following the link in its mail does. */
export async function verifyAddress(context: Context, userId: Id<'usr'>): Promise<void> {
  const emailVerifiedAt = new Date();
  await context.database.write({}, (tx) =>
    tx.update(users).set({ emailVerifiedAt }).where(eq(users.id, userId)),
  );
}

/** The context of whoever bears this token. */
export async function signedIn(context: Context, accessToken: string): Promise<Context> {
  const access = await context.security.tokens.verifyAccess(accessToken);
  return { ...context, tenantId: access.tenantId, actor: toActor(access) };
}

/** The user of a member's context. */
export function userOf(context: Context): Id<'usr'> {
  if (context.actor.kind !== 'user') throw new Error('Nobody is signed in');
  return context.actor.userId;
}
