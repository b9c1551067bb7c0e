import type {
  V1HostAlias,
  V1PodDNSConfig,
  V1PodReadinessGate,
  V1PodResourceClaim,
  V1PodSchedulingGate,
  V1PodSpec,
} from '../../gen/types.ts';
import type { ObjectMeta } from '../../meta.ts';
import { ipAddress } from '../addresses.ts';
import { labels } from '../labels.ts';
import { dnsLabel, dnsSubdomain, dnsSubdomainWithUnderscore, qualifiedName } from '../names.ts';
import type { Report } from '../report.ts';
import { containerResourceName, resourceRequirements } from '../resources.ts';
import { all, always, below, between, each, fields, oneOf, present, type Rule, requiredOneOf, text } from '../rule.ts';
import { tolerations } from '../tolerations.ts';
import { affinity, topologySpread } from './affinity.ts';
import { containers, initContainers } from './container.ts';
import type { PodContext } from './context.ts';
import { ephemeralContainers } from './ephemeral.ts';
import { podResources } from './resources.ts';
import { operatingSystem, podSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

const INT32_MAX = 2 ** 31 - 1;
const NAMESERVERS_MAX = 3;
const SEARCH_PATHS_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;
const HOSTNAME_OVERRIDE_LENGTH_MAX = 64;

const dnsConfig: Rule<V1PodDNSConfig> = ({ nameservers = [], searches = [], options = [] }, at) => {
  if (nameservers.length > NAMESERVERS_MAX) at.invalid(`at most ${NAMESERVERS_MAX} name servers`, 'nameservers');
  nameservers.forEach((server, i) => {
    at.enter('nameservers');
    below(at, i, server, ipAddress, undefined);
    at.leave();
  });
  if (searches.length > SEARCH_PATHS_MAX) at.invalid(`at most ${SEARCH_PATHS_MAX} search paths`, 'searches');
  if (searches.join(' ').length > SEARCH_CHARACTERS_MAX) at.invalid('the search list is too long', 'searches');
  searches.forEach((path, i) => {
    if (path === '.') return;
    for (const complaint of dnsSubdomainWithUnderscore(path.replace(/\.$/, ''))) at.invalid(complaint, 'searches', i);
  });
  options.forEach((option, i) => {
    if (!option.name) at.required('', 'options', i);
  });
};

/** A pod that brings its own DNS must say which. */
const dns: Rule<V1PodSpec> = (spec, at, context) => {
  const config = spec.dnsConfig;
  if (spec.dnsPolicy === 'None') {
    if (!config) return at.required('needed by dnsPolicy None', 'dnsConfig');
    if (!config.nameservers?.length) return at.required('needed by dnsPolicy None', 'dnsConfig', 'nameservers');
  }
  below(at, 'dnsConfig', config, dnsConfig, context);
};

const hostNetworkPorts: Rule<V1PodSpec, PodContext> = (spec, at, { isPod }) => {
  if (!spec.hostNetwork) return;
  spec.containers?.forEach((container, i) => {
    container.ports?.forEach(({ hostPort = 0, containerPort }, j) => {
      if ((isPod || hostPort !== 0) && hostPort !== containerPort) {
        at.invalid('must be the containerPort with hostNetwork', 'containers', i, 'ports', j, 'hostPort');
      }
    });
  });
};

const readinessGates: Rule<readonly V1PodReadinessGate[]> = (gates, at) => {
  gates.forEach((gate, i) => {
    for (const complaint of qualifiedName(gate.conditionType ?? '')) at.invalid(complaint, i, 'conditionType');
  });
};

const schedulingGates: Rule<readonly V1PodSchedulingGate[]> = (gates, at) => {
  const seen = new Set<string>();
  gates.forEach(({ name = '' }, i) => {
    for (const complaint of qualifiedName(name)) at.invalid(complaint, i);
    if (seen.has(name)) at.duplicate(name, i);
    seen.add(name);
  });
};

const resourceClaims: Rule<readonly V1PodResourceClaim[]> = (claims, at) => {
  const names = new Set<string>();
  claims.forEach((claim, i) => {
    at.enter(i);
    if (!claim.name) at.required('', 'name');
    else if (names.has(claim.name)) at.duplicate(claim.name, 'name');
    else for (const complaint of dnsLabel(claim.name)) at.invalid(complaint, 'name');
    names.add(claim.name);
    const sources = (['resourceClaimName', 'resourceClaimTemplateName'] as const).filter((s) => claim[s] !== undefined);
    if (sources.length > 1) at.invalid('names one source only');
    if (sources.length === 0) at.invalid('must name a claim or a template of claims');
    for (const source of sources) for (const complaint of dnsSubdomain(claim[source]!)) at.invalid(complaint, source);
    at.leave();
  });
};

/** A pod whose users are not the node's cannot share what belongs to the node's users. */
const ownUsers: Rule<V1PodSpec> = (spec, at) => {
  if (spec.hostUsers !== false) return;
  if (spec.hostNetwork) at.forbidden('excludes hostUsers: false', 'hostNetwork');
  if (spec.hostPID) at.forbidden('excludes hostUsers: false', 'HostPID');
  if (spec.hostIPC) at.forbidden('excludes hostUsers: false', 'HostIPC');
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    spec[list]?.forEach((container, i) => {
      if (container.volumeDevices?.length) at.forbidden('excludes hostUsers: false', list, i, 'volumeDevices');
    });
  }
};

const hostnameOverride: Rule<V1PodSpec> = (spec, at) => {
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  if (spec.setHostnameAsFQDN) at.forbidden('excludes setHostnameAsFQDN', 'hostnameOverride');
  if (spec.hostNetwork) at.forbidden('excludes hostNetwork', 'hostnameOverride');
  if (name.length > HOSTNAME_OVERRIDE_LENGTH_MAX) at.tooLong(HOSTNAME_OVERRIDE_LENGTH_MAX, 'hostnameOverride');
  for (const complaint of dnsSubdomain(name)) at.invalid(complaint, 'hostnameOverride');
};

const hostAliases: Rule<readonly V1HostAlias[]> = each(
  fields<V1HostAlias>({
    ip: always((ip, at) => ipAddress(ip ?? '', at, undefined)),
    hostnames: each(text(dnsSubdomain)),
  }),
);

/** Variables that come from files need an emptyDir to find the files in. */
const filesOfVariables: Rule<V1PodSpec> = (spec, at) => {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    spec[list]?.forEach((container, i) => {
      container.env?.forEach((variable, j) => {
        const name = variable.valueFrom?.fileKeyRef?.volumeName;
        if (name === undefined) return;
        const volume = spec.volumes?.find((v) => v.name === name);
        const steps = [list, i, 'env', j, 'valueFrom', 'fileKeyRef', 'volumeName'];
        if (!volume) at.notFound(name, ...steps);
        else if (!volume.emptyDir) at.invalid('must be an emptyDir', ...steps);
      });
    });
  }
};

const PREEMPTION_POLICIES = ['Never', 'PreemptLowerPriority'];

const simpleFields: Rule<V1PodSpec, PodContext> = fields<V1PodSpec, PodContext>({
  serviceAccountName: text(dnsSubdomain),
  nodeName: text(dnsSubdomain),
  activeDeadlineSeconds: between(1, INT32_MAX),
  hostname: text(dnsLabel),
  subdomain: text(dnsLabel),
  tolerations,
  hostAliases,
  priorityClassName: text(dnsSubdomain),
  runtimeClassName: text(dnsSubdomain),
  preemptionPolicy: requiredWhenSet(oneOf(PREEMPTION_POLICIES)),
  overhead: (limits, at, context) => resourceRequirements(containerResourceName)({ limits }, at, context),
});

function requiredWhenSet(rule: Rule<string>): Rule<string> {
  return (value, at, context) => (value === '' ? at.required() : rule(value, at, context));
}

const podSpecRules: Rule<V1PodSpec, PodContext> = all<V1PodSpec, PodContext>(
  fields<V1PodSpec, PodContext>({ resourceClaims, containers, initContainers, ephemeralContainers }),
  podResources,
  hostNetworkPorts,
  fields<V1PodSpec, PodContext>({
    restartPolicy: requiredOneOf(['Always', 'Never', 'OnFailure']),
    dnsPolicy: requiredOneOf(['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']),
    nodeSelector: labels,
    securityContext: podSecurity,
    affinity,
  }),
  dns,
  fields<V1PodSpec, PodContext>({ readinessGates, schedulingGates, topologySpreadConstraints: topologySpread }),
  ownUsers,
  hostnameOverride,
  simpleFields,
  operatingSystem,
  filesOfVariables,
);

const noNames: ReadonlySet<string> = new Set();

const graceful = fields<V1PodSpec>({ terminationGracePeriodSeconds: present() });

export interface PodSpecOptions {
  readonly isPod: boolean;
  readonly looseSelectors?: boolean;
  readonly looseNodeValues?: boolean;
}

/** A pod's specification, whether of a pod or of a template of pods. */
export function validatePodSpec(
  spec: V1PodSpec,
  meta: ObjectMeta | undefined,
  at: Report,
  options: PodSpecOptions,
): void {
  graceful(spec, at, undefined);
  at.enter('volumes');
  const volumes = validateVolumes(spec.volumes ?? [], meta, at);
  at.leave();
  const context: PodContext = {
    spec,
    volumes,
    claimNames: spec.resourceClaims ? new Set(spec.resourceClaims.map((claim) => claim.name)) : noNames,
    isPod: options.isPod,
    looseSelectors: options.looseSelectors ?? false,
    looseNodeValues: options.looseNodeValues ?? false,
  };
  podSpecRules(spec, at, context);
}
