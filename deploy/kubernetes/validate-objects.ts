import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runTool } from '../verify/run.ts';
import type { KubernetesObject } from './objects.ts';

const compilerOptions = {
  target: 'ESNext',
  module: 'Preserve',
  moduleResolution: 'bundler',
  strict: true,
  skipLibCheck: true,
  types: [],
};

/** Where the published model of a kind is. */
const modelOf = ({ apiVersion }: KubernetesObject) =>
  apiVersion.startsWith('keda.sh/')
    ? `@kubernetes-models/keda/${apiVersion}`
    : `kubernetes-models/${apiVersion}`;

/** What is wrong with the objects by their published schemas; empty is good. */
export async function validateObjects(objects: KubernetesObject[]): Promise<string[]> {
  const wrong = await Promise.all(objects.map(breaksSchema));
  return [...wrong.flat(), ...(await hasUnknownFields(objects))];
}

async function breaksSchema(object: KubernetesObject): Promise<string[]> {
  const model = await import(modelOf(object));
  try {
    new model[object.kind](object).validate();
    return [];
  } catch (error) {
    return [`${object.kind} ${object.metadata.name}: ${(error as Error).message}`];
  }
}

/** A schema passes over names that it does not know, such as a misspelt one; types do not. */
async function hasUnknownFields(objects: KubernetesObject[]): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-objects-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    const lines = objects.map(
      (object) =>
        `const _: import('${modelOf(object)}').I${object.kind} = ${JSON.stringify(object)}`,
    );
    const blocks = lines.map((line) => `{ ${line} }`).join('\n');
    await Bun.write(join(directory, 'objects.ts'), `${blocks}\nexport {}\n`);
    await Bun.write(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const { exitCode, output } = await runTool('tsc', ['--project', directory]);
    return exitCode === 0 ? [] : output.split('\n').map((line) => nameObject(line, objects));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function nameObject(line: string, objects: KubernetesObject[]): string {
  const object = objects[Number(/objects\.ts\((\d+),/.exec(line)?.[1]) - 1];
  return object ? `${object.kind} ${object.metadata.name}: ${line.replace(/^.*?: /, '')}` : line;
}
