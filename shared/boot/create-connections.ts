import type { Config } from '@insightdesk/shared/config';
import type { Connections } from '@insightdesk/shared/context';
import { publicEvents } from '@insightdesk/shared/domain/catalog';
import type { Logger } from '@insightdesk/shared/logging';
import { publishSignals } from '@insightdesk/shared/realtime';
import { createTxtResolver } from '@insightdesk/shared/security';
import type { AppParts } from './container.ts';
import { lazyJobControl } from './open-job-queues.ts';
import { purgeTenantKeys } from './purge-tenant-keys.ts';

/** Selects what actions may use. */
export const createConnections = (parts: AppParts, config: Config, log: Logger): Connections => ({
  database: parts.database,
  // Only the API has this login; elsewhere the first use throws.
  identityDatabase: {
    read: (...args) => parts.identityDatabase.read(...args),
    write: (...args) => parts.identityDatabase.write(...args),
  },
  cache: parts.cache,
  jobs: lazyJobControl(() => parts.jobs.control),
  mail: parts.mailer,
  files: {
    storage: parts.storage,
    urls: parts.fileUrls,
    media: parts.media,
    antivirus: parts.antivirus,
  },
  security: {
    tokens: parts.tokens,
    tokenCodec: parts.tokenCodec,
    passwords: parts.passwords,
    encryption: parts.encryption,
    safeFetch: parts.safeFetch,
    resolveTxt: createTxtResolver(),
  },
  realtime: {
    presence: parts.presence,
    requests: parts.requests,
    sockets: parts.sockets,
    signal: (signal) =>
      publishSignals(parts.valkey, [signal], (error) =>
        log.warn({ err: String(error) }, 'signals: publishing failed'),
      ),
  },
  limits: {
    meter: parts.meter,
    checkRateLimit: (...check) => parts.checkRateLimit(...check),
    quotas: config.quotas,
    unverifiedQuotas: config.unverifiedQuotas,
    registrationsPerDay: config.accounts.registrationsPerDay,
    maxFileBytes: config.storage.maxFileBytes,
    invitationsPerDay: config.invitations.perDay,
    emailsPerRecipientAndDay: config.emailsPerRecipientAndDay,
  },
  settings: {
    appName: config.product.name,
    appUrl: config.http.appUrl,
    publicUrl: config.http.publicUrl,
    filesUrl: config.http.filesUrl,
    origins: [new URL(config.http.publicUrl).origin, ...config.http.corsOrigins],
    replyDomain: config.email.replyDomain,
    refreshTtlSeconds: config.auth.refreshTtlSeconds,
    registration: config.accounts.registration,
    twoFactorEnabled: config.features.twoFactor,
    requiresVerifiedEmail: config.accounts.requiresVerifiedEmail,
    erasureGraceSeconds: config.tenantDeletion.graceSeconds,
    auditRetentionDays: config.audit.retentionDays,
    publicEvents: publicEvents.map(({ name }) => name),
  },
  outcomes: parts.outcomes,
  background: (work) => parts.backgroundTasks.add(work),
  purgeTenantKeys: (tenantId) =>
    purgeTenantKeys({ connect: parts.connectValkey, queues: parts.jobs.queues }, tenantId),
});
