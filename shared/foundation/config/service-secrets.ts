import type { ServiceName } from './shape-config.ts';

/**
 * The variables with secrets that only some services use. The others neither read nor require them, so
 * that a deployment need not give them to these services.
 */
const holders: readonly [variable: RegExp, services: readonly ServiceName[]][] = [
  [/^JWT_SECRET$/, ['api', 'desk']],
  [/^(JWT_REFRESH_SECRET|ENCRYPTION_KEY|ENCRYPTION_KEYS_PREVIOUS)$/, ['api', 'worker', 'desk']],
  [/^SMTP_(USER|PASS|PASSWORD)$/, ['api', 'worker', 'desk']],
  [/^(STORAGE_PROVIDER|(AWS|AZURE|CLOUDINARY)_\w+)$/, ['api', 'worker', 'desk']],
];

/** Whether the service uses the variable, or a file or an alias of its name. */
export function isForService(variable: string, service: ServiceName): boolean {
  const name = variable.replace(/_FILE$/, '');
  return holders.every(([pattern, services]) => !pattern.test(name) || services.includes(service));
}

/** The variables that the service uses. */
export const omitForeign = <V>(
  values: Record<string, V>,
  service: ServiceName,
): Record<string, V> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => isForService(name, service)));
