import { join } from 'node:path';
import { requireKubectl } from '../../tools/test-servers/fetch-kubectl.ts';
import { root, run } from '../../tools/verify/run.ts';

/** The fields of a Kubernetes object that tests read. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  data?: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: the schema of an object depends on its kind
  spec?: any;
}

export const overlays = ['staging', 'production'] as const;

/** The objects of a kustomization, as `kubectl apply` would send them. */
export async function renderKustomization(directory: string): Promise<KubernetesObject[]> {
  const kubectl = await requireKubectl(() => {});
  const { stdout, output, exitCode } = await run([kubectl, 'kustomize', directory]);
  if (exitCode !== 0) throw new Error(output);
  return stdout.split(/^---$/m).map((document) => Bun.YAML.parse(document) as KubernetesObject);
}

export const renderOverlay = (name: string) =>
  renderKustomization(join(root, 'deploy/kubernetes/overlays', name));

/** The objects that create pods. */
export const workloads = (objects: KubernetesObject[]) =>
  objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Job');

export const componentOf = ({ metadata }: KubernetesObject) =>
  metadata.name.replace(/^insightdesk-/, '');
