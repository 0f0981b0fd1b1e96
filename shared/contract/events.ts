// Made by services/api/openapi/write-client-types.ts; do not edit.
// biome-ignore-all format: one line per part is what a diff should show

/** Names of the durable events that clients hear. */
export const Events = {
  organizationDisabled: 'organization.disabled',
  organizationEnabled: 'organization.enabled',
  organizationUpdated: 'organization.updated',
  roleCreated: 'role.created',
  roleRemoved: 'role.removed',
  roleUpdated: 'role.updated',
  flagChanged: 'flag.changed',
  impersonationEnded: 'impersonation.ended',
  impersonationStarted: 'impersonation.started',
  memberJoined: 'member.joined',
  memberRemoved: 'member.removed',
  memberUpdated: 'member.updated',
  sessionRevoked: 'session.revoked',
  apiKeyOverlapEnded: 'api-key.overlap-ended',
  apiKeyRevoked: 'api-key.revoked',
  apiKeyRotated: 'api-key.rotated',
  organizationErasureCancelled: 'organization.erasure-cancelled',
  organizationErasureRequested: 'organization.erasure-requested',
  attachmentReady: 'attachment.ready',
  attachmentRejected: 'attachment.rejected',
  filePolicyChanged: 'file-policy.changed',
  recordingFailed: 'recording.failed',
  recordingPrepared: 'recording.prepared',
  conversationCreated: 'conversation.created',
  conversationUpdated: 'conversation.updated',
  messageCreated: 'message.created',
  webhookDisabled: 'webhook.disabled',
  presenceChanged: 'presence.changed',
} as const;

/** The data of each of them. */
export interface EventData {
  'organization.disabled': Record<never, never>;
  'organization.enabled': Record<never, never>;
  'organization.updated': { requireTwoFactor: boolean };
  'role.created': { roleId: `rol_${string}`; name: string };
  'role.removed': { roleId: `rol_${string}`; name: string };
  'role.updated': { roleId: `rol_${string}`; name: string };
  'flag.changed': { name: string; value: unknown; previous: unknown };
  'impersonation.ended': { userId: `usr_${string}`; sessionId: `ses_${string}` };
  'impersonation.started': { userId: `usr_${string}`; sessionId: `ses_${string}`; operator: string; reason: string; until: string };
  'member.joined': { userId: `usr_${string}`; name: string; role: 'owner' | 'admin' | 'agent' | 'customer' };
  'member.removed': { userId: `usr_${string}` };
  'member.updated': { userId: `usr_${string}`; role: 'owner' | 'admin' | 'agent' | 'customer'; roleId?: `rol_${string}` | null | undefined };
  'session.revoked': { sessionId: `ses_${string}`; userId: `usr_${string}` };
  'api-key.overlap-ended': { keyId: `key_${string}`; userId: `usr_${string}` };
  'api-key.revoked': { keyId: `key_${string}`; userId: `usr_${string}` };
  'api-key.rotated': { keyId: `key_${string}`; userId: `usr_${string}`; overlapUntil: string };
  'organization.erasure-cancelled': Record<never, never>;
  'organization.erasure-requested': { eraseAt: string };
  'attachment.ready': { id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[]; conversationId: `cnv_${string}` | null };
  'attachment.rejected': { id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[]; conversationId: `cnv_${string}` | null };
  'file-policy.changed': { maxFileBytes: number | null; allowedTypes: (string)[] | null; refusedTypes: (string)[] };
  'recording.failed': { attachmentId: `att_${string}`; status: 'none' | 'waiting' | 'working' | 'ready' | 'failed' | 'cancelled'; reason: string | null; durationMs: number | null; video: { codec: string; width: number; height: number; framesPerSecond: number } | null; audio: { codec: string; channels: number; sampleRate: number; loudness: number | null } | null; attachment: { id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] }; conversationId: `cnv_${string}` | null };
  'recording.prepared': { attachmentId: `att_${string}`; status: 'none' | 'waiting' | 'working' | 'ready' | 'failed' | 'cancelled'; reason: string | null; durationMs: number | null; video: { codec: string; width: number; height: number; framesPerSecond: number } | null; audio: { codec: string; channels: number; sampleRate: number; loudness: number | null } | null; attachment: { id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] }; conversationId: `cnv_${string}` | null };
  'conversation.created': { id: `cnv_${string}`; number: number; subject: string; status: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed'; priority: 'low' | 'normal' | 'high' | 'urgent'; assigneeId: `usr_${string}` | null; customerId: `usr_${string}`; tags: (string)[]; snoozedUntil: string | null; messageCount: number; lastMessageAt: string; createdAt: string; version: number };
  'conversation.updated': { id: `cnv_${string}`; number: number; subject: string; status: 'open' | 'pending' | 'snoozed' | 'resolved' | 'closed'; priority: 'low' | 'normal' | 'high' | 'urgent'; assigneeId: `usr_${string}` | null; customerId: `usr_${string}`; tags: (string)[]; snoozedUntil: string | null; messageCount: number; lastMessageAt: string; createdAt: string; version: number };
  'message.created': { id: `msg_${string}`; conversationId: `cnv_${string}`; authorId: `usr_${string}`; kind: 'reply' | 'note'; body: string; attachments: ({ id: `att_${string}`; name: string; contentType: string; sizeBytes: number; status: 'pending' | 'ready' | 'rejected'; reason?: string | undefined; variants: ({ name: string; url: string; contentType: string; width?: number | undefined; height?: number | undefined; sizeBytes: number; placeholder?: string | undefined })[] })[]; clientMessageId: string | null; createdAt: string };
  'webhook.disabled': { webhookId: `whk_${string}`; reason: 'gone' | 'failing' };
  'presence.changed': { userId: string; status: string; metadata: Record<string, unknown> | null; connections: number; change: 'joined' | 'changed' | 'left'; lastSeenAt: string };
}
