import { posix } from 'node:path';

/** What a module may import; `types` are allowed with `import type` only. */
interface Rule {
  may: readonly string[];
  types?: readonly string[];
  packages?: Readonly<Record<string, string>>;
  instead: string;
}

const foundation = 'errors utils promises streams config logging di lifecycle'.split(' ');
const connections =
  'database cache storage media email ai security monitoring http queue valkey'.split(' ');
const flow = 'events jobs realtime'.split(' ');
const domain =
  'tenants users attachments conversations knowledge voice calendar notifications analytics webhooks'
    .split(' ')
    .map((feature) => `domain/${feature}`);
/** Tests on real parts put them together as boot does. */
const assembles = /(\.integration\.test|\/test-[\w-]+)\.ts$/;
const seesEverything = ['boot', 'testing', 'examples'];

/** All that the client package shares with the server: names and shapes, no code of the server. */
const wireFormat = ['shared/realtime/channels.ts', 'shared/realtime/wire.ts'];
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
  may: ['context', 'http', 'realtime', 'jobs', 'events', 'monitoring', 'streams', 'promises']
    .concat(['errors', 'utils'])
    .concat(domain),
  types: ['boot', 'logging'],
  instead: 'call an action of shared/domain, or take the part from app in main.ts',
};

function ruleFor(module: string): Rule | undefined {
  const before = (order: readonly string[]) => order.slice(0, order.indexOf(module));
  if (foundation.includes(module)) {
    return {
      may: before(foundation),
      instead: `foundation imports leftwards (${foundation.join(' ')}); take it as an argument`,
    };
  }
  if (connections.includes(module)) {
    return {
      may: foundation,
      types: connections,
      instead: 'a connection stands on the foundation; take the rest as an argument, boot wires it',
    };
  }
  if (flow.includes(module)) {
    return {
      may: [...foundation, ...connections],
      types: ['context', ...flow],
      instead: 'flow stands on connections and foundation; take the rest as an argument',
    };
  }
  if (module === 'context') {
    return {
      may: ['errors', 'utils', 'logging'],
      types: [...connections, 'jobs'],
      instead: 'the context knows the types of connections only; boot builds them',
    };
  }
  if (domain.includes(module)) {
    return {
      may: [
        'context',
        'errors',
        'utils',
        'promises',
        'streams',
        'database',
        'email',
        ...flow,
      ].concat(before(domain)),
      types: ['logging', ...connections],
      packages: forbiddenInDomain,
      instead: `${fromContext}; a need to the right goes through an event and a reaction`,
    };
  }
  return undefined;
}

/** The unit of the house a file belongs to: `utils`, `domain/users`, `services/api`, `deploy`. */
function moduleOf(path: string): { name: string; root: string } {
  const [top = '', second = '', third = ''] = path.split('/');
  if (top === 'services') return { name: `services/${second}`, root: `services/${second}` };
  if (top !== 'shared') return { name: top, root: top };
  const name = second === 'domain' ? `domain/${third}` : second;
  return { name, root: `shared/${name}` };
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
  const { name, root } = moduleOf(path);
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    if (target.startsWith(`${root}/`)) return undefined;
    if (name === 'client') return wireFormat.includes(target) ? undefined : notInClient;
    return `a relative import stays inside ${root}; use '@insightdesk/shared/<module>'`;
  }
  const imported = /^@insightdesk\/shared\/(.+)$/.exec(specifier)?.[1];
  const rule = name.startsWith('services/') ? service : ruleFor(name);
  if (imported === undefined) return judgePackage(specifier, rule, name);
  if (name === 'client') return notInClient;
  if (imported.split('/').length > (imported.startsWith('domain/') ? 2 : 1)) {
    return `a module has one door; use what '@insightdesk/shared/${moduleOf(`shared/${imported}`).name}' exports`;
  }
  const isTest = path.endsWith('.test.ts') || assembles.test(path);
  if (imported === name) {
    return isTest ? undefined : 'inside a module import the file itself, as ./x.ts';
  }
  if (!rule)
    return seesEverything.includes(name) || !path.startsWith('shared/') ? undefined : unknown(name);
  if (rule.may.includes(imported) || (isType && rule.types?.includes(imported))) return undefined;
  if (assembles.test(path) || (imported === 'testing' && isTest)) return undefined;
  if (imported === 'boot' && /^services\/\w+\/(main|[a-z-]+-command)\.ts$/.test(path))
    return undefined;
  const typesHint = rule.types?.includes(imported) ? "only with 'import type'; " : '';
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

const notInClient = `the client runs where no server is; of shared it may have ${wireFormat.join(' and ')}`;

const unknown = (name: string) =>
  `shared/${name} has no place in the house yet; add it to a storey in deploy/verify/import-rules.ts`;
