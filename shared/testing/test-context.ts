import { createAppContainer } from '@insightdesk/shared/boot';
import { loadConfig } from '@insightdesk/shared/config';
import { type Context, toActor } from '@insightdesk/shared/context';
import { type Id, type Role, toUuid } from '@insightdesk/shared/contract';
import {
  createAccount,
  createSession,
  members,
  register,
  setEmail,
} from '@insightdesk/shared/domain/identity/users';
import { MemoryMailer } from '@insightdesk/shared/email';
import { createLogger } from '@insightdesk/shared/logging';
import { createPasswords } from '@insightdesk/shared/security';
import { createMemoryStorage } from '@insightdesk/shared/storage';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { testEnvironment } from './test-environment.ts';

/**
 * A context on the real database and Valkey, with files and mail in memory and cheap password
 * hashes. Close it after the tests.
 */
export function createTestContext(databaseUrl = testEnvironment.databaseUrl) {
  const { pathname } = new URL(databaseUrl);
  const inDatabase = (url: string) => url && Object.assign(new URL(url), { pathname }).href;
  const config = loadConfig({
    environment: {
      NODE_ENV: 'test',
      REGISTRATIONS_PER_DAY: '0',
      DATABASE_URL: databaseUrl,
      DATABASE_RELAY_URL: inDatabase(testEnvironment.relayUrl),
      DATABASE_IDENTITY_URL: inDatabase(testEnvironment.identityUrl),
      VALKEY_URL: testEnvironment.valkeyUrl,
      ENCRYPTION_KEY: testEnvironment.encryptionKey,
    },
  });
  const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
  const container = createAppContainer(config, log);
  const mailer = new MemoryMailer();
  container.rebind('storage', ({ fileUrls }) => createMemoryStorage({ signer: fileUrls }));
  container.rebind('mailer', () => mailer);
  container.rebind('passwords', () => createPasswords({ memoryCost: 1_024, timeCost: 1 }));
  const { connections } = container.parts;
  const context: Context = {
    ...connections,
    actor: { kind: 'anonymous' },
    tenantId: undefined,
    requestId: 'test',
    log,
  };
  return {
    context,
    config,
    log,
    mailer,
    container: container.parts,
    close: () => container.dispose(),
  };
}

/** A new organization with its owner; `member` adds a member with a role. */
export async function createTestTenant(context: Context) {
  const { accessToken, organization } = await register(context, {
    email: `${newId('usr')}@example.com`,
    password: 'a long enough password',
    name: 'An owner',
    organizationName: 'A tenant',
  });
  const owner = await authenticatedContext(context, accessToken);
  const tenantId = organization.id;
  await verifyEmail(context, userIdOf(owner));
  const member = async (role: Role): Promise<Context> => {
    const userId = newId('usr');
    const email = `${userId}@example.com`;
    await context.database.write({ tenantId }, async (tx) => {
      const user = { id: userId, email, name: `A ${role}`, isVerified: true };
      await createAccount({ ...context, tx, tenantId }, user);
      await tx.insert(members).values({ tenantId, userId, role });
    });
    const pair = await createSession(context, { tenantId, userId, role });
    return authenticatedContext(context, pair.accessToken);
  };
  return { owner, tenantId, member };
}

/** Marks the email address of a user as verified. */
export async function verifyEmail(context: Context, userId: Id<'usr'>): Promise<void> {
  await context.database.write({ userId }, async (tx) => {
    const [user] = await tx.execute<{ email: string }>(
      sql`select email from users where id = ${toUuid(userId)}`,
    );
    if (!user) throw new Error('The user does not exist');
    await setEmail({ ...context, tx }, userId, user.email);
  });
}

/** The context of the user of this access token. */
export async function authenticatedContext(
  context: Context,
  accessToken: string,
): Promise<Context> {
  const access = await context.security.tokens.verifyAccess(accessToken);
  return { ...context, tenantId: access.tenantId, actor: toActor(access) };
}

/** The id of the user of a context. */
export function userIdOf(context: Context): Id<'usr'> {
  if (context.actor.kind !== 'user') throw new Error('The context has no user');
  return context.actor.userId;
}
