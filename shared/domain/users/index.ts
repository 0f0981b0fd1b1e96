/** People, their sessions, their roles, and how they come in. */

export { createAdmissions } from '@insightdesk/shared/database';
export { acceptInvitation } from './accept-invitation.ts';
export { changePassword } from './change-password.ts';
export { changeRole } from './change-role.ts';
export { chooseOrganization } from './choose-organization.ts';
export { confirmPassword } from './confirm-password.ts';
export { confirmTwoFactor } from './confirm-two-factor.ts';
export { deleteExpired } from './delete-expired.ts';
export { endImpersonation } from './end-impersonation.ts';
export { endSessions } from './end-sessions.ts';
export { endSessionsEverywhere } from './end-sessions-everywhere.ts';
export * as userEvents from './events.ts';
export { currentPassword, factorCode, recoveryCodesView } from './factor-fields.ts';
export { markProven, requireDispensable, requireProven, unprove } from './factor-sessions.ts';
export { findGrant } from './find-grant.ts';
export { foundOrganization } from './found-organization.ts';
export { getTwoFactor } from './get-two-factor.ts';
export { impersonate } from './impersonate.ts';
export { invitationToken } from './invitation-token.ts';
export { invite } from './invite.ts';
export * as userJobs from './jobs.ts';
export { findLinkToMail, type LinkToMail } from './link-to-mail.ts';
export { listAccessEpochs } from './list-access-epochs.ts';
export { listInvitations } from './list-invitations.ts';
export { listLiveSessions } from './list-live-sessions.ts';
export { listMembers } from './list-members.ts';
export { listOrganizations } from './list-organizations.ts';
export { listSessions } from './list-sessions.ts';
export { type KeyState, listSigningKeys } from './list-signing-keys.ts';
export { loadSigningKeys } from './load-signing-keys.ts';
export { login } from './login.ts';
export { logout } from './logout.ts';
export { logoutAll } from './logout-all.ts';
export { me } from './me.ts';
export { findMember, findMemberByEmail } from './members.ts';
export { listOwners } from './owners.ts';
export { findPendingInvitation } from './pending-invitations.ts';
export { refresh, refresh as refreshTokens } from './refresh.ts';
export { register } from './register.ts';
export { removeMember } from './remove-member.ts';
export { removeTwoFactor } from './remove-two-factor.ts';
export { renewRecoveryCodes } from './renew-recovery-codes.ts';
export { renewSigningKeys } from './renew-signing-keys.ts';
export { requestEmailChange } from './request-email-change.ts';
export { requestPasswordReset } from './request-password-reset.ts';
export { requireLiveSession } from './require-live-session.ts';
export { resendInvitation } from './resend-invitation.ts';
export { resendVerification } from './resend-verification.ts';
export { resetPassword } from './reset-password.ts';
export { revokeInvitation } from './revoke-invitation.ts';
export { revokeSession } from './revoke-session.ts';
export { rotateSigningKeys } from './rotate-signing-keys.ts';
export { openSession, signPair as generateTokens } from './session-tokens.ts';
export { carryProof, type Door, prove, signIn } from './sign-in.ts';
export {
  isReachableStaff,
  listStaffIds,
  mayBeMailed,
} from './staff.ts';
export { startTwoFactor } from './start-two-factor.ts';
export { switchOrganization } from './switch-organization.ts';
export { members, sessions, users } from './tables.ts';
export { verifyEmail } from './verify-email.ts';
export { signedInView, toUser } from './view.ts';
