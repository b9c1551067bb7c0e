import type {
  V1Container,
  V1Lifecycle,
  V1Pod,
  V1PodSpec,
  V1PodStatus,
  V1PodTemplateSpec,
  V1Probe,
  V1ResourceRequirements,
  V1Volume,
} from '../../gen/types.ts';
import { amountOf } from '../../validation/amounts.ts';
import { imageTag } from './image-tag.ts';

const FILE_MODE = 0o644;
const GRACE_PERIOD_SECONDS = 30;
/** What a negative period counts as. */
const NEGATIVE_GRACE_PERIOD_SECONDS = 1;
const TOKEN_SECONDS = 3600;

const knownPolicies = new Map<string, string>();
const knownPoliciesMax = 1_024;

/** `latest` or no tag at all is pulled anew each time, anything else when it is missing. */
function defaultPullPolicy(image = ''): string {
  let policy = knownPolicies.get(image);
  if (policy === undefined) {
    policy = imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
    if (knownPolicies.size >= knownPoliciesMax) knownPolicies.clear();
    knownPolicies.set(image, policy);
  }
  return policy;
}

function defaultProbe(probe: V1Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe);
  if (probe.grpc) probe.grpc.service ??= '';
}

function defaultHttpGet(handler: V1Probe | V1Lifecycle['postStart']): void {
  if (!handler?.httpGet) return;
  handler.httpGet.path ||= '/';
  handler.httpGet.scheme ||= 'HTTP';
}

function defaultContainer(container: V1Container): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) {
    const source = variable.valueFrom;
    if (source?.fieldRef) source.fieldRef.apiVersion ||= 'v1';
    if (source?.resourceFieldRef) source.resourceFieldRef.divisor ??= '0';
    if (source?.fileKeyRef) source.fileKeyRef.optional ??= false;
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHttpGet(container.lifecycle?.postStart);
  defaultHttpGet(container.lifecycle?.preStop);
}

function allContainers(spec: V1PodSpec): V1Container[] {
  return [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...((spec.ephemeralContainers ?? []) as V1Container[]),
  ];
}

interface Files {
  defaultMode?: number;
  items?: Array<{ fieldRef?: { apiVersion?: string }; resourceFieldRef?: { divisor?: string } }>;
}

function defaultFiles(files: Files | undefined): void {
  for (const item of files?.items ?? []) {
    if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
    if (item.resourceFieldRef) item.resourceFieldRef.divisor ??= '0';
  }
}

function defaultVolume(volume: V1Volume): void {
  if (Object.keys(volume).every((key) => key === 'name' || volume[key as keyof V1Volume] === undefined))
    volume.emptyDir = {};
  if (volume.hostPath) volume.hostPath.type ??= '';
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= FILE_MODE;
  }
  defaultFiles(volume.downwardAPI);
  for (const source of volume.projected?.sources ?? []) {
    defaultFiles(source.downwardAPI);
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS;
  }
  if (volume.ephemeral?.volumeClaimTemplate) {
    volume.ephemeral.volumeClaimTemplate.spec ??= {};
    volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem';
  }
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference);
  defaultNetworkVolume(volume);
}

function defaultNetworkVolume(volume: V1Volume): void {
  const { rbd, azureDisk, scaleIO, iscsi } = volume;
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
  if (iscsi) iscsi.iscsiInterface ||= 'default';
}

/** Host ports of pods in the node's network are their container ports. */
function defaultHostPorts(spec: V1PodSpec): void {
  if (!spec.hostNetwork) return;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
}

/** The defaults that templates of pods have as well. */
export function defaultPodSpec(spec: V1PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= GRACE_PERIOD_SECONDS;
  spec.schedulerName ||= 'default-scheduler';
  mergeAccountNames(spec);
  // Groups of pods are a feature that upstream leaves off by default, and what is off is not kept.
  delete spec.schedulingGroup;
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of allContainers(spec)) defaultContainer(container);
  defaultHostPorts(spec);
}

/** `serviceAccount` is the old name of `serviceAccountName`; the two always say the same. */
function mergeAccountNames(spec: V1PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (name) {
    if (spec.serviceAccountName !== name) spec.serviceAccountName = name;
    if (spec.serviceAccount !== name) spec.serviceAccount = name;
  } else {
    delete spec.serviceAccountName;
    delete spec.serviceAccount;
  }
}

export function defaultPodTemplate(template: V1PodTemplateSpec | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec);
}

/** Where a resource is limited but not requested, the limit is requested. */
function requestLimits(resources: V1ResourceRequirements | undefined): void {
  if (!resources?.limits) return;
  resources.requests ??= {};
  for (const [name, limit] of Object.entries(resources.limits)) resources.requests[name] ??= limit;
  if (Object.keys(resources.requests).length === 0) delete resources.requests;
}

/** `podIP` is the first of `podIPs`; where they differ it is `podIP` that counts, as old agents know no other. */
function sameAddresses(status: V1PodStatus): void {
  const { podIP, podIPs } = status;
  if (podIP && podIP !== podIPs?.[0]?.ip) status.podIPs = [{ ip: podIP }];
  else if (!podIP && podIPs?.length) status.podIP = podIPs[0]!.ip;
}

export function defaultPod(pod: V1Pod): void {
  if (pod.status) sameAddresses(pod.status);
  const spec = pod.spec;
  if (!spec) return;
  for (const container of spec.containers ?? []) requestLimits(container.resources);
  for (const container of spec.initContainers ?? []) requestLimits(container.resources);
  spec.enableServiceLinks ??= true;
  defaultPodSpec(spec);
  // Pods alone: templates keep what they say.
  if (spec.terminationGracePeriodSeconds! < 0) spec.terminationGracePeriodSeconds = NEGATIVE_GRACE_PERIOD_SECONDS;
  defaultPodRequests(spec);
}

/** Limits of the whole pod are requested unless its containers request something. */
function defaultPodRequests(spec: V1PodSpec): void {
  const limits = spec.resources?.limits;
  if (!limits || Object.keys(limits).length === 0) return;
  const requests = { ...spec.resources!.requests };
  for (const name of Object.keys(limits)) {
    if (requests[name] !== undefined || (name !== 'cpu' && name !== 'memory')) continue;
    const asked = (spec.containers ?? []).flatMap((c) => c.resources?.requests?.[name] ?? []);
    if (asked.length === 0) requests[name] = limits[name]!;
    else if (asked.length === 1) requests[name] = asked[0]!;
    else requests[name] = sumOf(asked, name);
  }
  spec.resources!.requests = requests;
}

const NANOS_OF_MILLI = 1_000_000n;

function sumOf(amounts: readonly string[], name: string): string {
  const sum = amounts.reduce((total, amount) => total + amountOf(amount), 0n);
  return name === 'cpu' ? `${sum / NANOS_OF_MILLI}m` : `${sum / (1000n * NANOS_OF_MILLI)}`;
}
