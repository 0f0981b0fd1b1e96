import type { Section } from './section.ts';

export const organization: Section = {
  tag: 'Organization',
  description:
    'The organization of the caller: settings, usage, feature flags, export and deletion.',
  operations: {
    'POST /v1/organizations': {
      text: 'Creates another organization with the caller as owner. Switch to it with `POST /v1/auth/switch`. 403 `EMAIL_NOT_VERIFIED` or `REGISTRATION_CLOSED`.',
      request: { name: 'Acme' },
    },
    'GET /v1/organization':
      'Returns id and name, and to staff the settings too: names of staff, customer sign-in, reopening, second factor.',
    'PATCH /v1/organization': {
      text: 'Changes name and settings; fields that are left out stay. 403 `TWO_FACTOR_REQUIRED` to require a second factor without having one.',
      request: { name: 'Acme Support' },
    },
    'GET /v1/usage':
      'Returns quotas with what is used of them, and counters by day between `from` and `to`.',
    'GET /v1/flags': 'Returns feature flags with their values and defaults.',
    'PATCH /v1/flags': {
      text: 'Changes flags for this organization; null restores the default. All services see it within seconds.',
      request: { 'email-customers': true },
    },
    'POST /v1/organization/export':
      'Starts a job that writes all data of the organization to an archive. 409 `TOO_MANY_EXPORTS`.',
    'GET /v1/organization/exports/{id}': 'Returns the status of an export and when it is deleted.',
    'GET /v1/organization/exports/{id}/content': 'Streams the archive. 409 `EXPORT_NOT_READY`.',
    'POST /v1/organization/erasure': {
      text: 'Disables the organization and deletes all of its data after a grace period. The name is typed as confirmation. 403 `WRONG_PASSWORD`.',
      request: { name: 'Acme' },
    },
    'DELETE /v1/organization/erasure':
      'Restores the organization within the grace period. 409 `NOT_LEAVING`.',
  },
};

export const audit: Section = {
  tag: 'Audit log',
  description: 'Who did what. Entries form a hash chain and cannot be changed.',
  operations: {
    'GET /v1/audit': 'Returns entries, newest first. The filters can be combined.',
  },
};

export const health: Section = {
  tag: 'Health',
  description: 'Checks for load balancers and monitoring.',
  operations: {
    'GET /health':
      'Reports each dependency. 503 when one that requests need is down; `degraded` when they work without it.',
    'GET /health/live': 'Says that the process responds. 503 means: restart it.',
    'GET /health/ready': 'Says that the process accepts requests. 503 while it starts or stops.',
  },
};
