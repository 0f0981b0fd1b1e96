import { InitializationError } from '@insightdesk/shared/errors';

interface Node {
  name: string;
  dependsOn: readonly string[];
}

/** Dependencies first, otherwise in the given order; errors show the path of a cycle or an unknown name. */
export function sortByDependencies<N extends Node>(nodes: readonly N[]): N[] {
  const names = nodes.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) throw new InitializationError(`Duplicate hook ${duplicate}`);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const done = new Set<N>();

  function visit(name: string, path: readonly string[]): void {
    const trail = [...path, name];
    const node = byName.get(name);
    if (!node) throw new InitializationError(`Unknown hook ${name}: ${trail.join(' -> ')}`);
    if (path.includes(name))
      throw new InitializationError(`Circular dependency: ${trail.join(' -> ')}`);
    if (done.has(node)) return;
    for (const dependency of node.dependsOn) visit(dependency, trail);
    done.add(node);
  }

  for (const { name } of nodes) visit(name, []);
  return [...done];
}
