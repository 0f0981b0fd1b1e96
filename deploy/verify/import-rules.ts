import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root as repository } from './run.ts';

/** What a module may import; `types` are allowed with `import type` only. */
interface Rule {
  may: readonly string[];
  types?: readonly string[];
  packages?: Readonly<Record<string, string>>;
  instead: string;
}

/** Inside these storeys modules look leftwards only. */
const foundation =
  'errors utils promises streams files config logging error-tracking tracing di lifecycle'.split(
    ' ',
  );
const features = [
  ...readFileSync(join(repository, 'shared/domain/catalog.ts'), 'utf8').matchAll(
    /^ {2}(\w+): \{/gm,
  ),
].map(([, feature = '']) => feature);
/** Tests on real parts put them together as boot does. */
const assembles = /(\.integration\.test|\/test-[\w-]+)\.ts$/;
const seesEverything = ['boot', 'testing', 'examples'];
const usesClient = ['client', 'deploy', 'bench'];

const fromContext = 'take it from ctx, which carries every connection';
const forbiddenInDomain = {
  hono: 'an HTTP route is an adapter in services/api/routes',
  'socket.io': 'record an event; services/worker/reactions.ts decides who hears of it',
  bullmq: "describe the job with defineJob from '@insightdesk/shared/jobs'",
  iovalkey: fromContext,
  cloudinary: 'use ctx.storage',
  nodemailer: 'use ctx.mailer',
  sharp: 'use ctx.media',
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
  instead: 'call an action of shared/domain, or take the part from app in main.ts',
};

/** A module or a whole storey may be named; `before` are the modules to the left of the importer. */
const storeys: Readonly<Record<string, (module: string) => Rule | undefined>> = {
  contract: () => ({
    may: [],
    instead: 'clients have the contract too: it stands on nothing of ours',
  }),
  foundation: (module) => ({
    may: ['contract', ...leftOf(module, foundation)],
    instead: `foundation imports leftwards (${foundation.join(' ')}); take it as an argument`,
  }),
  connections: () => ({
    may: ['contract', 'foundation'],
    types: ['connections'],
    instead: 'a connection stands on the foundation; take the rest as an argument, boot wires it',
  }),
  flow: (module) => (module === 'context' ? context : flow),
  domain: (module) => (module === 'catalog' ? catalog : feature(module)),
};

/** A feature of the domain; undefined for one that the catalogue does not list. */
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
  instead: 'the catalogue lists features, and what they are lies in their folders',
};

const context: Rule = {
  may: ['contract', 'errors', 'utils', 'logging'],
  types: ['connections', 'jobs'],
  instead: 'the context knows the types of connections only; boot builds them',
};

const flow: Rule = {
  may: ['contract', 'foundation', 'connections'],
  types: ['flow'],
  instead: 'flow stands on connections and foundation; take the rest as an argument',
};

const leftOf = (module: string, order: readonly string[]) =>
  order.slice(0, Math.max(0, order.indexOf(module)));

/** The part of the house that a file belongs to, such as `utils`, `domain/users`, `services/api`. */
interface Part {
  /** As it is imported. */
  name: string;
  /** Its folder. */
  root: string;
  /** Of shared: the folder that holds it. */
  storey?: string;
}

function partOf(path: string): Part {
  const [top = '', storey = '', module = ''] = path.replace(/(\.test)?\.ts$/, '').split('/');
  if (top === 'services') return { name: `services/${storey}`, root: `services/${storey}` };
  if (top !== 'shared') return { name: top, root: top };
  if (storey === 'contract' || seesEverything.includes(storey)) {
    return { name: storey, root: `shared/${storey}`, storey };
  }
  const name = storey === 'domain' ? `domain/${module}` : module;
  return { name, root: `shared/${storey}/${module}`, storey };
}

/** Where the doors of shared lead: its `exports`, from specifier to file. */
const doors: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(repository, 'shared/package.json'), 'utf8'),
).exports;

function storeyOfDoor(imported: string): string | undefined {
  if (imported.startsWith('domain/')) return 'domain';
  return doors[`./${imported}`]?.split('/')[1];
}

function ruleFor({ name, storey = '' }: Part): Rule | undefined {
  if (name.startsWith('services/')) return service;
  return storeys[storey]?.(name.split('/').at(-1) ?? '');
}

const importPattern =
  /^\s*(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\sfrom\s+)?'(?<from>[^']+)'|(?<!typeof )\bimport\(\s*'(?<lazy>[^']+)'/gm;

/** One sentence per import of a file that breaks "who may import whom", with the way out. */
export function checkImports(path: string, source: string): string[] {
  return [...source.matchAll(importPattern)].flatMap(({ groups = {}, 0: text, index }) => {
    const specifier = groups.from ?? groups.lazy ?? '';
    const reason = judge(path, specifier, groups.type !== undefined);
    if (!reason) return [];
    const line = source.slice(0, index + text.length).split('\n').length;
    return [`${path}:${line} imports '${specifier}': ${reason}`];
  });
}

function judge(path: string, specifier: string, isType: boolean): string | undefined {
  const part = partOf(path);
  const { name, root, storey } = part;
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    if (target.startsWith(`${root}/`)) return undefined;
    if (name === 'bench' && testTools.test(target)) return undefined;
    if (name === 'client') return target === shapes ? undefined : notInClient;
    return `a relative import stays inside ${root}; use '@insightdesk/shared/<module>'`;
  }
  const imported = /^@insightdesk\/shared\/(.+)$/.exec(specifier)?.[1];
  const rule = ruleFor(part);
  if (imported === undefined) return judgePackage(specifier, rule, name);
  if (name === 'client') return notInClient;
  const target = storeyOfDoor(imported);
  if (!target || imported.split('/').length > (target === 'domain' ? 2 : 1)) {
    return `a module has one door, and shared/package.json lists them: there is no ${imported}`;
  }
  const isTest = path.endsWith('.test.ts') || assembles.test(path);
  if (imported === name) {
    return isTest ? undefined : 'inside a module import the file itself, as ./x.ts';
  }
  if (!rule)
    return storey === undefined || seesEverything.includes(storey) ? undefined : unknown(root);
  const among = (list: readonly string[] = []) => list.includes(imported) || list.includes(target);
  if (among(rule.may) || (isType && among(rule.types))) return undefined;
  if (assembles.test(path) || (imported === 'testing' && isTest)) return undefined;
  if (imported === 'boot' && /^services\/\w+\/(main|[a-z-]+-command)\.ts$/.test(path))
    return undefined;
  const typesHint = among(rule.types) ? "only with 'import type'; " : '';
  return `${name} may not; ${typesHint}${rule.instead}`;
}

function judgePackage(specifier: string, rule: Rule | undefined, importer: string) {
  if (specifier === '@insightdesk/client' && usesClient.includes(importer)) return undefined;
  if (specifier.startsWith('@insightdesk/')) {
    return 'services never import each other; share through shared/domain or an event';
  }
  const name = specifier.split('/')[0] ?? specifier;
  const instead = rule?.packages?.[name];
  return instead && `the domain may not; ${instead}`;
}

/** What a benchmark measures, they send and judge. */
const testTools = /^deploy\/(e2e|proof)\//;
const shapes = 'shared/contract/shapes.ts';
const notInClient = `the client runs where no server is; of shared it may have ${shapes}`;

const unknown = (root: string) =>
  root.startsWith('shared/domain/')
    ? `${root} is no feature that shared/domain/catalog.ts lists`
    : `${root} is in no storey of the house; deploy/verify/import-rules.ts knows them`;
