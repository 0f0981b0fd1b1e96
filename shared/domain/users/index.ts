/** People, their sessions, their roles, and how they come in. */
export * as userEvents from './events.ts';
export { acceptInvitation, invitationToken, invite } from './invitations.ts';
export * as userJobs from './jobs.ts';
export { listLiveSessions, requireLiveSession } from './live-sessions.ts';
export { login } from './login.ts';
export { me } from './me.ts';
export {
  changeRole,
  findMember,
  findMemberByEmail,
  listMembers,
  listOwners,
  listStaffIds,
  removeMember,
} from './members.ts';
export { deleteExpired } from './purge.ts';
export { refresh } from './refresh.ts';
export { register } from './register.ts';
export { openSession } from './session-tokens.ts';
export { listSessions, logout, logoutAll, revokeSession } from './sessions.ts';
export { members, users } from './tables.ts';
