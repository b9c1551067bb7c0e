import type { V1Pod, V1PriorityClass } from '../api/gen/types.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionPlugin } from './chain.ts';

const group = 'scheduling.k8s.io';
const pods = { group: '', plural: 'pods' };
const classes = { group, plural: 'priorityclasses' };

/** Turns a pod's priority class into its number, and keeps the default class single. */
export function priorities(objects: ObjectReader): AdmissionPlugin {
  const all = () => objects.list<V1PriorityClass>(group, 'priorityclasses');
  let known: { version: number; lowest: V1PriorityClass | undefined } | undefined;
  const standard = () => {
    const version = objects.version(group, 'priorityclasses');
    if (known?.version !== version) known = { version, lowest: lowestDefault(all()) };
    return known.lowest;
  };
  return {
    name: 'Priority',
    resources: ['/pods', `${group}/priorityclasses`],
    admit({ operation, definition, object, subresource }) {
      if (subresource !== undefined || operation === 'delete' || !object) return;
      if (definition.plural === 'priorityclasses') checkSingleDefault(object as V1PriorityClass, all());
      else if (operation === 'create') resolve(object as V1Pod, objects, standard);
    },
  };
}

function checkSingleDefault(wanted: V1PriorityClass, all: readonly V1PriorityClass[]): void {
  const name = wanted.metadata?.name ?? '';
  const other = all.find((one) => one.globalDefault && one.metadata?.name !== name);
  if (!wanted.globalDefault || !other) return;
  throw forbidden(classes, name, `PriorityClass ${other.metadata?.name} is already marked as default`);
}

function resolve(pod: V1Pod, objects: ObjectReader, standard: () => V1PriorityClass | undefined): void {
  const spec = pod.spec;
  if (!spec) return;
  const chosen = spec.priorityClassName
    ? objects.get<V1PriorityClass>(group, 'priorityclasses', spec.priorityClassName)
    : standard();
  const name = pod.metadata?.name ?? '';
  if (spec.priorityClassName && !chosen) {
    throw forbidden(pods, name, `no PriorityClass with name ${spec.priorityClassName} was found`);
  }
  const value = chosen?.value ?? 0;
  const preemptionPolicy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (spec.priority !== undefined && spec.priority !== value) {
    throw forbidden(pods, name, `the integer value of priority (${spec.priority}) must not be provided in pod spec`);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw forbidden(
      pods,
      name,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec`,
    );
  }
  if (chosen?.metadata?.name) spec.priorityClassName = chosen.metadata.name;
  spec.priority = value;
  spec.preemptionPolicy = preemptionPolicy;
}

function lowestDefault(all: readonly V1PriorityClass[]): V1PriorityClass | undefined {
  return all.filter((one) => one.globalDefault).sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}
