import type { ResourceDefinition } from '../definition.ts';
import type {
  V1IPBlock,
  V1NetworkPolicy,
  V1NetworkPolicyEgressRule,
  V1NetworkPolicyIngressRule,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
  V1NetworkPolicySpec,
} from '../gen/types.ts';
import { cidrBlock, containsIp, parseCidr } from '../validation/addresses.ts';
import { labelSelector } from '../validation/labels.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { PROTOCOLS, portNumber, portNumberOrName } from '../validation/ports.ts';
import { all, below, each, fields, oneOf, present, type Rule } from '../validation/rule.ts';
import { ageColumn, formatSelector, nameColumn, text } from './cells.ts';
import { cidrWarnings } from './warnings.ts';

const TYPES = ['Ingress', 'Egress'];

/** A range of ports is given by numbers. */
const portRange: Rule<V1NetworkPolicyPort> = ({ port, endPort }, at, context) => {
  if (endPort !== undefined && typeof port !== 'number') at.invalid('needs a number as port', 'endPort');
  if (typeof port === 'string') below(at, 'port', port, portNumberOrName, context);
  if (typeof port !== 'number') return;
  below(at, 'port', port, portNumber, context);
  if (endPort === undefined) return;
  if (endPort < port) at.invalid('must be at least port', 'endPort');
  below(at, 'endPort', endPort, portNumber, context);
};

const port: Rule<V1NetworkPolicyPort> = all<V1NetworkPolicyPort>(
  fields<V1NetworkPolicyPort>({ protocol: oneOf(PROTOCOLS) }),
  portRange,
);

const ipBlock: Rule<V1IPBlock> = ({ cidr, except }, at, context) => {
  if (!cidr) return at.required('', 'cidr');
  below(at, 'cidr', cidr, cidrBlock, context);
  const range = parseCidr(cidr);
  if (!range) return;
  at.enter('except');
  except?.forEach((text, i) => {
    below(at, i, text, cidrBlock, context);
    const hole = parseCidr(text);
    if (hole && (!containsIp(range, hole.ip) || range.bits >= hole.bits)) at.invalid('must be a part of cidr', i);
  });
  at.leave();
};

const peer: Rule<V1NetworkPolicyPeer> = all<V1NetworkPolicyPeer>(
  fields<V1NetworkPolicyPeer>({ podSelector: labelSelector, namespaceSelector: labelSelector, ipBlock }),
  ({ podSelector, namespaceSelector, ipBlock: block }, at) => {
    if (!podSelector && !namespaceSelector && !block) at.required('needs a peer');
    else if (block && (podSelector || namespaceSelector)) at.forbidden('ipBlock stands alone');
  },
);

const spec: Rule<V1NetworkPolicySpec> = all<V1NetworkPolicySpec>(
  fields<V1NetworkPolicySpec>({
    podSelector: labelSelector,
    ingress: each(fields<V1NetworkPolicyIngressRule>({ ports: each(port), from: each(peer) })),
    egress: each(fields<V1NetworkPolicyEgressRule>({ ports: each(port), to: each(peer) })),
    policyTypes: (types, at, context) => {
      if (types.length > TYPES.length) at.invalid('at most two types');
      else each(oneOf(TYPES))(types, at, context);
    },
  }),
);

type Rules = ReadonlyArray<V1NetworkPolicyIngressRule & V1NetworkPolicyEgressRule>;

function rulesOf(policy: V1NetworkPolicy): Rules {
  return [...(policy.spec?.ingress ?? []), ...(policy.spec?.egress ?? [])];
}

function blockWarnings(policy: V1NetworkPolicy): string[] {
  const peers = rulesOf(policy).flatMap((rule) => [...(rule.to ?? []), ...(rule.from ?? [])]);
  return peers.flatMap(({ ipBlock: block }) =>
    block ? cidrWarnings('ipBlock', [block.cidr, ...(block.except ?? [])]) : [],
  );
}

export const networkpolicies: ResourceDefinition<V1NetworkPolicy> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  namespaced: true,
  type: 'V1NetworkPolicy',
  hasGeneration: true,
  setDefaults(draft) {
    if (!draft.spec) return;
    for (const rule of rulesOf(draft)) for (const item of rule.ports ?? []) item.protocol ??= 'TCP';
    if (draft.spec.policyTypes?.length) return;
    draft.spec.policyTypes = draft.spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  ...validations<V1NetworkPolicy>({
    metadata: namespacedMetadata,
    object: fields<V1NetworkPolicy>({ spec: present(spec) }),
  }),
  warnings: blockWarnings,
  columns: [
    nameColumn,
    text('Pod-Selector', 'Labels of the pods it is about.', (policy) => formatSelector(policy.spec?.podSelector)),
    ageColumn,
  ],
};
