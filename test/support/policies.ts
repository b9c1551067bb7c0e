import type { KubeObject } from '../../libs/api/meta.ts';
import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from './registry.ts';

const group = 'admissionregistration.k8s.io/v1';

export const configMapRule = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] };

/** What became of a write: the object or the refusal, and what was said besides. */
export interface Written {
  readonly object?: KubeObject & { data?: Record<string, string> };
  readonly error?: { reason: string; message: string; code: number; details?: { causes?: object[] } };
  readonly warnings: readonly string[];
  readonly notes: Readonly<Record<string, string>>;
}

/** A scratch registry with admission policies about ConfigMaps in it, and a way to write ConfigMaps under them. */
export class PolicyBench {
  private constructor(readonly registry: ScratchRegistry) {}

  static async open(): Promise<PolicyBench> {
    return new PolicyBench(await openScratchRegistry());
  }

  close(): Promise<void> {
    return this.registry.close();
  }

  /** A policy `p`, put to use by the binding `b`. */
  async addValidating(spec: object, binding: object = {}): Promise<void> {
    await this.add('ValidatingAdmissionPolicy', 'p', { matchConstraints: { resourceRules: [configMapRule] }, ...spec });
    const actions = { policyName: 'p', validationActions: ['Deny'] };
    await this.add('ValidatingAdmissionPolicyBinding', 'b', { ...actions, ...binding });
  }

  /** A policy with one mutation, and a binding of the same name. */
  async addMutating(name: string, mutation: object, more: object = {}): Promise<void> {
    const matchConstraints = { resourceRules: [{ ...configMapRule, operations: ['CREATE', 'UPDATE'] }] };
    const spec = { matchConstraints, reinvocationPolicy: 'Never', mutations: [mutation], ...more };
    await this.add('MutatingAdmissionPolicy', name, spec);
    await this.add('MutatingAdmissionPolicyBinding', name, { policyName: name });
  }

  /** Creates a ConfigMap in the namespace `x`. */
  async write(name: string, data: Record<string, string>, labels?: Record<string, string>): Promise<Written> {
    const warnings: string[] = [];
    const notes: Record<string, string> = {};
    const request = {
      ...asks(),
      warn: (text: string) => void warnings.push(text),
      annotate: (key: string, value: string) => {
        notes[key] = value;
      },
    };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data };
    try {
      const document = await this.registry.service('configmaps').create({ namespace: 'x' }, bodyOf(object), request);
      return { object: document.object, warnings, notes };
    } catch (error) {
      return { error: error as Written['error'], warnings, notes };
    }
  }

  private add(kind: string, name: string, spec: object): Promise<unknown> {
    const plural = kind.endsWith('Policy') ? `${kind.toLowerCase().slice(0, -1)}ies` : `${kind.toLowerCase()}s`;
    const object = { apiVersion: group, kind, metadata: { name }, spec };
    return this.registry.service(`${group}/${plural}`).create({}, bodyOf(object), asks());
  }
}
