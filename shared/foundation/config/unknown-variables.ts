import { didYouMean } from '@insightdesk/shared/utils';
import { environmentSchema } from './environment.ts';
import { isSecretName } from './secrets/is-secret-name.ts';
import { knownNames, variableAliases } from './variable-names.ts';

/** A variable that no service reads, although its name looks like one of ours. */
export interface UnknownVariable {
  name: string;
  /** Whether it is one or two typing errors away from the suggestion. */
  isNear: boolean;
  /** The known name that was probably meant. */
  suggestion?: string | undefined;
}

/** Prefixes of variables of ours that no platform uses. */
export const reservedPrefixes = [
  'ANTIVIRUS_',
  'AUDIT_',
  'AWS_S3_',
  'AZURE_STORAGE_',
  'CLOUDINARY_',
  'DATABASE_',
  'EMAIL_',
  'ENCRYPTION_',
  'FEATURE_',
  'JOBS_',
  'JWT_',
  'LOAD_SHED_',
  'LOG_',
  'MEDIA_',
  'QUOTA_',
  'RATE_LIMIT_',
  'REALTIME_',
  'SECRETS_',
  'SENTRY_',
  'SMTP_',
  'STORAGE_',
  'TRACE_',
  'VALKEY_',
  'VAULT_',
  'WEBHOOK_',
] as const;

/** Variables of the system, the runtime and the platform; never reported. */
const platformVariable =
  /^(PATH|HOME|HOSTNAME|USER|PWD|(BUN|FLY|KUBERNETES|LC|NODE|NPM|OTEL|PRIMARY|RAILWAY|XDG)_\w*|npm_\w*)$/;
/** Kubernetes and container links describe a service VALKEY by VALKEY_SERVICE_HOST, VALKEY_PORT=tcp://… */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/;
const linkedPort = /^(tcp|udp):\/\//;

const MIN_LENGTH_OF_TWO_CHANGES = 10;

/** Names that a service reads; those of compose are no suggestion for its process environment. */
const serviceNames = [...Object.keys(environmentSchema.shape), ...Object.keys(variableAliases)];

/** The variables that look like ours and are unknown. `candidates` are the names to suggest. */
export function listUnknownVariables(
  values: Readonly<Record<string, string | undefined>>,
  candidates: readonly string[] = serviceNames,
): UnknownVariable[] {
  return Object.entries(values).flatMap(([name, value = '']): UnknownVariable[] => {
    if (isKnown(name) || isOfPlatform(name, value)) return [];
    const upper = name.toUpperCase();
    const near = didYouMean(upper, candidates, upper.length < MIN_LENGTH_OF_TWO_CHANGES ? 1 : 2);
    if (near) return [{ name, isNear: true, suggestion: near }];
    const prefix = reservedPrefixes.find((reserved) => upper.startsWith(reserved));
    if (!prefix) return [];
    const suggestion = didYouMean(
      upper,
      candidates.filter((candidate) => candidate.startsWith(prefix)),
    );
    return [{ name, isNear: false, suggestion }];
  });
}

/** `SMTP_PASWORD: is unknown, did you mean SMTP_PASSWORD?` */
export const toReason = ({ suggestion }: UnknownVariable): string =>
  `is unknown${suggestion ? `, did you mean ${suggestion}?` : ''}`;

function isKnown(name: string): boolean {
  if (knownNames.includes(name)) return true;
  const secret = name.replace(/_FILE$/, '');
  return knownNames.includes(secret) && isSecretName(secret);
}

const isOfPlatform = (name: string, value: string): boolean =>
  platformVariable.test(name) ||
  serviceLink.test(name) ||
  (name.endsWith('_PORT') && linkedPort.test(value));
