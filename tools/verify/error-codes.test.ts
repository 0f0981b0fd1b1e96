import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeErrorCodes, ERRORS_DOCUMENT, findErrorCodes } from './error-codes.ts';
import { remedies } from './error-remedies.ts';
import { root } from './run.ts';

test('findErrorCodes: finds codes of classes, options and helper functions', () => {
  const source = `
    const invalid = (message: string, code: string) => new DomainValidationError(message, { code });
    export const Errors = {
      NotFound: () => new DomainNotFoundError('No such thing'),
      Default: () => new ForbiddenError(),
      Locked: (name: string) =>
        new ConflictError(\`\${name} is locked\`, { code: 'THING_LOCKED', status: 423 }),
      Either: (isOld: boolean) => new ConflictError('x', { code: isOld ? 'OLD' : 'NEW' }),
      Invalid: () => invalid('Bad', 'THING_INVALID'),
      Internal: () => new DatabaseError('secret', { code: 'SECRET' }),
    };`;
  expect(findErrorCodes('errors.ts', source)).toEqual([
    { code: 'NOT_FOUND', status: 404, message: 'No such thing' },
    { code: 'FORBIDDEN', status: 403, message: 'Permission denied' },
    { code: 'THING_LOCKED', status: 423, message: '… is locked' },
    { code: 'OLD', status: 409, message: 'x' },
    { code: 'NEW', status: 409, message: 'x' },
    { code: 'THING_INVALID', status: 422, message: 'Bad' },
  ]);
});

test(`${ERRORS_DOCUMENT} lists every error code`, () => {
  const document = readFileSync(join(root, ERRORS_DOCUMENT), 'utf8');
  for (const code of ['TWO_FACTOR_REQUIRED', 'INVALID_TRANSITION', 'MALFORMED_JSON', 'BAD_GATEWAY'])
    expect(document).toContain(`\`${code}\``);
  const isUpToDate = document === describeErrorCodes();
  expect(isUpToDate || 'Run `bun tools/verify/error-codes.ts`').toBe(true);
});

test('every error code has a remedy in tools/verify/error-remedies.ts, and each remedy a code', () => {
  const codes = new Set(
    readFileSync(join(root, ERRORS_DOCUMENT), 'utf8').match(/(?<=^\| `)[A-Z_0-9]+/gm),
  );
  const hint = 'Add it to tools/verify/error-remedies.ts';
  const missing = [...codes].filter((code) => !remedies[code]);
  expect(missing.map((code) => `${code}: ${hint}`)).toEqual([]);
  expect(Object.keys(remedies).filter((code) => !codes.has(code))).toEqual([]);
});
