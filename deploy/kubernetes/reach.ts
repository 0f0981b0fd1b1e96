import { BlockList, isIPv6 } from 'node:net';
import type { KubernetesObject } from './objects.ts';

/** A pod of ours by its component, one of another namespace, or an address. */
export type Endpoint = { component: string } | { namespace: string } | { address: string };

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
}
interface Peer {
  namespaceSelector?: Selector;
  podSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}
interface Rule {
  to?: Peer[];
  from?: Peer[];
  ports?: { protocol: string; port: number }[];
}

const COMPONENT = 'app.kubernetes.io/component';
const NAMESPACE = 'kubernetes.io/metadata.name';

/**
 * Whether the policies let a TCP connection through: it has to leave where it comes from and to be
 * let in where it goes. Throws at what it does not understand, so that nothing is passed over.
 */
export function createReach(objects: KubernetesObject[]) {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const rulesOf = (endpoint: Endpoint, direction: 'ingress' | 'egress'): Rule[] | undefined => {
    if (!('component' in endpoint)) return undefined;
    const type = direction === 'ingress' ? 'Ingress' : 'Egress';
    const about = policies.filter(
      ({ spec }) =>
        spec.policyTypes.includes(type) && selects(spec.podSelector, COMPONENT, endpoint.component),
    );
    return about.length === 0 ? undefined : about.flatMap(({ spec }) => spec[direction] ?? []);
  };
  return (from: Endpoint, to: Endpoint, port: number): boolean => {
    const leaves = rulesOf(from, 'egress');
    const enters = rulesOf(to, 'ingress');
    return (
      (leaves === undefined || leaves.some((rule) => allows(rule, rule.to, to, port))) &&
      (enters === undefined || enters.some((rule) => allows(rule, rule.from, from, port)))
    );
  };
}

function allows(
  { ports }: Rule,
  peers: Peer[] | undefined,
  endpoint: Endpoint,
  port: number,
): boolean {
  const isOpen = !ports || ports.some((one) => one.protocol === 'TCP' && one.port === port);
  return isOpen && (!peers || peers.some((peer) => isAt(peer, endpoint)));
}

function isAt({ namespaceSelector, podSelector, ipBlock }: Peer, endpoint: Endpoint): boolean {
  if (ipBlock) {
    const isIn = (cidr: string) => 'address' in endpoint && contains(cidr, endpoint.address);
    return isIn(ipBlock.cidr) && !(ipBlock.except ?? []).some(isIn);
  }
  if (!namespaceSelector || podSelector) throw new Error('What does a podSelector mean here?');
  return 'namespace' in endpoint && selects(namespaceSelector, NAMESPACE, endpoint.namespace);
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, key: string, is: string) {
  const labels = Object.entries(matchLabels);
  const strange = [...labels.map(([label]) => label), ...matchExpressions.map((one) => one.key)];
  if (strange.some((label) => label !== key)) throw new Error(`What is ${strange}?`);
  if (matchExpressions.some(({ operator }) => operator !== 'In')) throw new Error('Not In?');
  return (
    labels.every(([, value]) => value === is) &&
    matchExpressions.every(({ values }) => values.includes(is))
  );
}

function contains(cidr: string, address: string): boolean {
  const [network = '', bits] = cidr.split('/');
  if (isIPv6(network) !== isIPv6(address)) return false;
  const list = new BlockList();
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  list.addSubnet(network, Number(bits), family);
  return list.check(address, family);
}
