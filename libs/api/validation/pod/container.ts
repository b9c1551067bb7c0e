import type { V1Container, V1ContainerPort, V1ContainerResizePolicy, V1ContainerRestartRule } from '../../gen/types.ts';
import { dnsLabel, portName } from '../names.ts';
import { PROTOCOLS, portNumber } from '../ports.ts';
import type { Report } from '../report.ts';
import { containerResourceName, resourceRequirements } from '../resources.ts';
import { all, each, fields, filled, type Rule, required, requiredOneOf, text } from '../rule.ts';
import type { PodContext } from './context.ts';
import { environment, environmentFrom } from './environment.ts';
import { lifecycle, livenessProbe, readinessProbe, startupProbe } from './handlers.ts';
import { volumeDevices, volumeMounts } from './mounts.ts';
import { containerSecurity } from './security.ts';

const RESTART_RULES_MAX = 20;
const EXIT_CODES_MAX = 255;

const port: Rule<V1ContainerPort> = fields<V1ContainerPort>({
  containerPort: required(portNumber),
  hostPort: filled(portNumber),
  protocol: requiredOneOf(PROTOCOLS),
});

/** Names of ports are unique within their container. */
const ports: Rule<readonly V1ContainerPort[]> = (list, at, context) => {
  const names = list.length > 1 ? new Set<string>() : undefined;
  list.forEach((item, i) => {
    if (item.name) {
      const complaints = portName(item.name);
      for (const complaint of complaints) at.invalid(complaint, i, 'name');
      if (complaints.length === 0 && names?.has(item.name)) at.duplicate(item.name, i, 'name');
      names?.add(item.name);
    }
    at.enter(i);
    port(item, at, context);
    at.leave();
  });
};

const RESIZED = ['cpu', 'memory'];
const RESIZES = ['NotRequired', 'RestartContainer'];

/** Complaints about a policy stand at the list. */
const resizePolicy: Rule<readonly V1ContainerResizePolicy[], PodContext> = (policies, at, { spec }) => {
  policies.forEach((policy, i) => {
    if (policies.findIndex((other) => other.resourceName === policy.resourceName) < i)
      at.duplicate(policy.resourceName, i);
    if (!policy.resourceName) at.required();
    else if (!RESIZED.includes(policy.resourceName)) at.notSupported(RESIZED);
    if (!policy.restartPolicy) at.required();
    else if (!RESIZES.includes(policy.restartPolicy)) at.notSupported(RESIZES);
    if (spec.restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      at.invalid('must be NotRequired in a pod that is never restarted');
    }
  });
};

const resources = resourceRequirements(containerResourceName);

/** What holds for containers of every sort. */
export const commonContainer: Rule<V1Container, PodContext> = all<V1Container, PodContext>(
  fields<V1Container, PodContext>({
    name: required(text(dnsLabel)),
    image: required(),
    terminationMessagePolicy: requiredOneOf(['File', 'FallbackToLogsOnError']),
    ports,
    env: environment,
    envFrom: environmentFrom,
  }),
  volumeMounts,
  volumeDevices,
  fields<V1Container, PodContext>({
    imagePullPolicy: requiredOneOf(['Always', 'IfNotPresent', 'Never']),
    resources,
    resizePolicy,
    securityContext: containerSecurity,
  }),
);

const probes: Rule<V1Container, PodContext> = fields<V1Container, PodContext>({
  lifecycle,
  livenessProbe,
  readinessProbe,
  startupProbe,
});

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const RESTART_ACTIONS = ['Restart', 'RestartAllContainers'];

const restartRule: Rule<V1ContainerRestartRule> = (rule, at) => {
  if (!RESTART_ACTIONS.includes(rule.action)) at.notSupported(RESTART_ACTIONS, 'action');
  if (!rule.exitCodes) return at.required('', 'exitCodes');
  if (rule.exitCodes.operator !== 'In' && rule.exitCodes.operator !== 'NotIn') {
    at.notSupported(['In', 'NotIn'], 'exitCodes', 'operator');
  }
  if ((rule.exitCodes.values?.length ?? 0) > EXIT_CODES_MAX) at.tooMany(EXIT_CODES_MAX, 'exitCodes', 'values');
};

const restartRules = each(restartRule);

const restarts: Rule<V1Container> = (container, at) => {
  const { restartPolicy: policy, restartPolicyRules: rules = [] } = container;
  if (policy === undefined) {
    if (rules.length > 0) at.required('needed by restartPolicyRules', 'restartPolicy');
  } else if (!RESTART_POLICIES.includes(policy)) at.notSupported(RESTART_POLICIES, 'restartPolicy');
  if (rules.length > RESTART_RULES_MAX) at.tooMany(RESTART_RULES_MAX, 'restartPolicyRules');
  if (rules.length === 0) return;
  at.enter('restartPolicyRules');
  restartRules(rules, at, undefined);
  at.leave();
};

function hostPorts(containers: readonly V1Container[], at: Report): void {
  let taken: Set<string> | undefined;
  containers.forEach((container, i) => {
    container.ports?.forEach(({ protocol, hostIP = '', hostPort }, j) => {
      if (!hostPort) return;
      taken ??= new Set();
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) at.duplicate(key, i, 'ports', j, 'hostPort');
      taken.add(key);
    });
  });
}

export const containers: Rule<readonly V1Container[], PodContext> = required((list, at, context) => {
  const names = list.length > 1 ? new Set<string>() : undefined;
  list.forEach((container, i) => {
    at.enter(i);
    commonContainer(container, at, context);
    if (names?.has(container.name)) at.duplicate(container.name, 'name');
    names?.add(container.name);
    probes(container, at, context);
    restarts(container, at, context);
    at.leave();
  });
  hostPorts(list, at);
});

const WATCHED_WHILE_RUNNING = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** Init containers run to their end, one by one; those that are always restarted run beside the others (sidecars). */
export const initContainers: Rule<readonly V1Container[], PodContext> = (list, at, context) => {
  const names = new Set(context.spec.containers?.map((container) => container.name));
  list.forEach((container, i) => {
    const sidecar = container.restartPolicy === 'Always';
    at.enter(i);
    commonContainer(container, at, context);
    restarts(container, at, context);
    if (names.has(container.name)) at.duplicate(container.name, 'name');
    else if (container.name) names.add(container.name);
    at.above(1, () => hostPorts([container], at));
    if (sidecar) probes(container, at, context);
    else {
      for (const name of WATCHED_WHILE_RUNNING)
        if (container[name]) at.forbidden('only with restartPolicy Always', name);
      container.resizePolicy?.forEach((policy, j) => {
        if (policy.restartPolicy === 'RestartContainer')
          at.invalid('only for sidecars', 'resizePolicy', j, 'restartPolicy');
      });
    }
    at.leave();
  });
};
