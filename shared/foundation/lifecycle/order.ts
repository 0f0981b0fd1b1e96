import { InitializationError } from '@insightdesk/shared/errors';

interface Node {
  name: string;
  dependsOn: readonly string[];
}

/** Dependencies first, otherwise as registered; a cycle or a missing name is told with its path. */
export function inOrder<N extends Node>(nodes: readonly N[]): N[] {
  const names = nodes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InitializationError(`Two parts are called ${twice}`);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const done = new Set<N>();

  function visit(name: string, path: readonly string[]): void {
    const trail = [...path, name];
    const node = byName.get(name);
    if (!node) throw new InitializationError(`Nothing is called ${name}: ${trail.join(' -> ')}`);
    if (path.includes(name)) throw new InitializationError(`A circle: ${trail.join(' -> ')}`);
    if (done.has(node)) return;
    for (const dependency of node.dependsOn) visit(dependency, trail);
    done.add(node);
  }

  for (const { name } of nodes) visit(name, []);
  return [...done];
}
