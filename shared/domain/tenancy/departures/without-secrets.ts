const secretName =
  /password|passphrase|secret|token|recovery|sealed|cipher|private_?key|(key|code)_?hash/i;

/** A row as it may leave the house: what lets somebody in is left out, at any depth. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => !holdsSecret(name, inner))
      .map(([name, inner]) => [name, withoutSecrets(inner)]),
  );
}

const holdsSecret = (name: string, value: unknown) =>
  secretName.test(name) &&
  value !== null &&
  typeof value !== 'boolean' &&
  typeof value !== 'number';
