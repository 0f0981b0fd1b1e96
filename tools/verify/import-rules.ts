import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root as repository } from './run.ts';

/** The imports that a module may have; `types` only with `import type`. */
interface Rule {
  may: readonly string[];
  types?: readonly string[];
  packages?: Readonly<Record<string, string>>;
  instead: string;
}

/** Order of the modules; each one imports those to its left only. */
const foundation =
  'errors utils promises streams files config logging error-tracking tracing di lifecycle'.split(
    ' ',
  );
const features = [
  ...readFileSync(join(repository, 'shared/domain/catalog.ts'), 'utf8').matchAll(
    /^ {2}'([\w/-]+)': \{/gm,
  ),
].map(([, feature = '']) => feature);
/** Integration tests assemble modules like boot. */
const assembles = /(\.(integration|long)\.test|\/test-[\w-]+|\/testing\/[\w-]+)\.ts$/;
const unrestricted = ['boot', 'testing', 'examples'];
const usesClient = ['client', 'tests', 'tools', 'bench'];

const fromContext = 'take it from ctx, which carries every connection';
const forbiddenInDomain = {
  hono: 'an HTTP route is an adapter in services/api/routes',
  'socket.io': 'record an event; its definition says who receives it',
  bullmq: "describe the job with defineJob from '@insightdesk/shared/jobs'",
  iovalkey: fromContext,
  cloudinary: 'use ctx.files.storage',
  nodemailer: 'use ctx.mail',
  sharp: 'use ctx.files.media',
  process: fromContext,
  'node:process': fromContext,
};

const service: Rule = {
  may: [
    'contract',
    'context',
    'http',
    'realtime',
    'idempotency',
    'jobs',
    'events',
    'monitoring',
    'streams',
  ].concat(['promises', 'errors', 'error-tracking', 'tracing', 'utils', 'domain']),
  types: ['boot', 'logging'],
  instead: 'call an action of shared/domain, or take it from app in main.ts',
};

/** The rules of the layers. */
const layers: Readonly<Record<string, (module: string) => Rule | undefined>> = {
  contract: () => ({
    may: [],
    instead: 'clients import the contract, so it imports nothing',
  }),
  foundation: (module) => ({
    may: ['contract', ...leftOf(module, foundation)],
    instead: `foundation imports leftwards (${foundation.join(' ')}); take it as an argument`,
  }),
  connections: () => ({
    // The owners of Valkey keys share its helpers.
    may: ['contract', 'foundation', 'valkey'],
    types: ['connections'],
    instead: 'a connection imports the foundation; take the rest as an argument, boot wires it',
  }),
  flow: (module) => (module === 'context' ? context : flow),
  domain: (module) => (module === 'catalog' ? catalog : feature(module)),
};

/** The rule of a feature, or undefined if the catalog does not list it. */
function feature(name: string): Rule | undefined {
  if (!features.includes(name)) return undefined;
  return {
    may: ['contract', 'context', 'errors', 'utils', 'promises', 'streams', 'database', 'email']
      .concat(['events', 'jobs', 'realtime', 'tracing'])
      .concat(leftOf(name, features).map((left) => `domain/${left}`)),
    types: ['logging', 'connections'],
    packages: forbiddenInDomain,
    instead: `${fromContext}; a need to the right goes through an event and a reaction`,
  };
}

const catalog: Rule = {
  may: ['domain', 'events', 'jobs'],
  instead: 'the catalog only lists features',
};

const context: Rule = {
  may: ['contract', 'errors', 'utils', 'logging'],
  types: ['connections', 'jobs', 'realtime', 'idempotency'],
  instead: 'the context knows the types of connections only; boot builds them',
};

const flow: Rule = {
  may: ['contract', 'foundation', 'connections'],
  types: ['flow'],
  instead: 'flow imports connections and foundation; take the rest as an argument',
};

const leftOf = (module: string, order: readonly string[]) =>
  order.slice(0, Math.max(0, order.indexOf(module)));

/** The module of a file, such as `utils`, `domain/identity/users`, `services/api`. */
interface Module {
  /** The import specifier. */
  name: string;
  /** The folder. */
  root: string;
  /** The layer of a module of shared. */
  layer?: string;
}

function moduleOf(path: string): Module {
  const [top = '', layer = '', name = '', feature = ''] = path
    .replace(/(\.test)?\.ts$/, '')
    .split('/');
  if (top === 'services') return { name: `services/${layer}`, root: `services/${layer}` };
  if (top !== 'shared') return { name: top, root: top };
  if (layer === 'contract' || unrestricted.includes(layer)) {
    return { name: layer, root: `shared/${layer}`, layer };
  }
  if (layer !== 'domain') return { name, root: `shared/${layer}/${name}`, layer };
  const featurePath = feature ? `${name}/${feature}` : name;
  return { name: `domain/${featurePath}`, root: `shared/domain/${featurePath}`, layer };
}

/** The `exports` of shared, from specifier to file. */
const exported: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(repository, 'shared/package.json'), 'utf8'),
).exports;

function layerOf(imported: string): string | undefined {
  if (imported.startsWith('domain/')) return 'domain';
  return exported[`./${imported}`]?.split('/')[1];
}

function ruleFor({ name, layer = '' }: Module): Rule | undefined {
  if (name === 'services/cli') return undefined;
  if (name.startsWith('services/')) return service;
  return layers[layer]?.(name.replace('domain/', ''));
}

const importPattern =
  /^\s*(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\sfrom\s+)?'(?<from>[^']+)'|(?<!typeof )\bimport\(\s*'(?<lazy>[^']+)'/gm;

/** One message per forbidden import of a file, with the alternative. */
export function checkImports(path: string, source: string): string[] {
  return [...source.matchAll(importPattern)].flatMap(({ groups = {}, 0: text, index }) => {
    const specifier = groups.from ?? groups.lazy ?? '';
    const reason = findViolation(path, specifier, groups.type !== undefined);
    if (!reason) return [];
    const line = source.slice(0, index + text.length).split('\n').length;
    return [`${path}:${line} imports '${specifier}': ${reason}`];
  });
}

function findViolation(path: string, specifier: string, isType: boolean): string | undefined {
  const module = moduleOf(path);
  const { name, root, layer } = module;
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    if (target.startsWith(`${root}/`)) return undefined;
    if (developer.includes(name) && developerCode.test(target)) return undefined;
    if (lightTestSupport.test(target) && isTestOf(name, path)) return undefined;
    if (name === 'client') return target === shapes ? undefined : notInClient;
    return `a relative import stays inside ${root}; use '@insightdesk/shared/<module>'`;
  }
  const imported = /^@insightdesk\/shared\/(.+)$/.exec(specifier)?.[1];
  const rule = ruleFor(module);
  if (imported === undefined) return findPackageViolation(specifier, rule, name);
  if (name === 'client') return notInClient;
  const target = layerOf(imported);
  if (!target || imported.split('/').length > (target === 'domain' ? 3 : 1)) {
    return `a module has one entry point, listed in shared/package.json: ${imported} is not one`;
  }
  const isTest = path.endsWith('.test.ts') || assembles.test(path);
  if (imported === name) {
    return isTest ? undefined : 'inside a module import the file itself, as ./x.ts';
  }
  if (!rule) return layer === undefined || unrestricted.includes(layer) ? undefined : unknown(root);
  const isListed = (list: readonly string[] = []) =>
    list.includes(imported) || list.includes(target);
  if (isListed(rule.may) || (isType && isListed(rule.types))) return undefined;
  if (assembles.test(path) || (imported === 'testing' && isTest)) return undefined;
  if (imported === 'boot' && /^services\/\w+\/(main|[a-z-]+-command)\.ts$/.test(path))
    return undefined;
  const typesHint = isListed(rule.types) ? "only with 'import type'; " : '';
  return `${name} must not import it; ${typesHint}${rule.instead}`;
}

function findPackageViolation(specifier: string, rule: Rule | undefined, importer: string) {
  if (specifier === '@insightdesk/client' && usesClient.includes(importer)) return undefined;
  if (specifier.startsWith('@insightdesk/')) {
    return 'services never import each other; share through shared/domain or an event';
  }
  const name = specifier.split('/')[0] ?? specifier;
  const instead = rule?.packages?.[name];
  return instead && `the domain must not import it; ${instead}`;
}

/** Developer code may import each other; `services/cli` uses the local stack if one runs. */
const developer = ['bench', 'tests', 'tools', 'services/cli'];
const developerCode = /^(tests|tools|services\/cli|deploy)\//;
const shapes = 'shared/contract/shapes.ts';
/** Tests without a context import these files directly, because the index loads the whole system. */
const lightTestSupport =
  /^shared\/testing\/(until|raw-web-socket|tcp-server|smtp-server|tier|random|totp-code)\.ts$/;
const isTestOf = (name: string, path: string) =>
  developer.includes(name) || path.endsWith('.test.ts');
const notInClient = `the client runs without a server and may import only ${shapes} of shared`;

const unknown = (root: string) =>
  root.startsWith('shared/domain/')
    ? `${root} is not listed in shared/domain/catalog.ts`
    : `${root} is in no layer of tools/verify/import-rules.ts`;
