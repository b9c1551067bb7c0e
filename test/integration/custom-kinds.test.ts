import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigText } from '../../libs/pki/kubeconfig.ts';
import { openScratchApiServer, type ScratchApiServer } from '../support/api-server.ts';

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.example.org}
spec:
  group: example.org
  scope: Cluster
  names: {plural: boats, singular: boat, kind: Boat, shortNames: [bt]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What it should be.
            required: [length]
            x-kubernetes-validations:
            - rule: self.length > self.?beam.orValue(0)
              messageExpression: "'%d is too short'.format([self.length])"
            properties:
              length: {type: integer, description: In feet.}
              beam: {type: integer}
`;

const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: short}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [example.org], apiVersions: [v1], resources: [boats], operations: [CREATE]}]
  validations: [{expression: object.spec.length < 100, message: must be shorter than 100 feet}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: everywhere}
spec: {policyName: short, validationActions: [Deny]}
`;

const boat = (length: number, more = '') =>
  `---\n{apiVersion: example.org/v1, kind: Boat, metadata: {name: a}, spec: {length: ${length}, beam: 5${more}}}`;

describe('custom kinds and policies, through kubectl', () => {
  let server: ScratchApiServer;
  let home: string;

  const kubectl = (args: string, input?: string): Promise<string> =>
    new Promise((resolve) => {
      const env = { ...process.env, KUBECONFIG: join(home, 'kubeconfig') };
      // What is served changes from call to call: nothing is to be remembered.
      const cache = mkdtempSync(join(home, 'cache-'));
      const child = spawn('kubectl', [`--cache-dir=${cache}`, ...args.split(' ')], { env });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
      child.on('close', () => resolve(text));
      child.stdin.end(input);
    });

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'custom-'));
    server = await openScratchApiServer();
    const { ca, cert: certificate, key } = server.credentials;
    const text = kubeconfigText({ server: server.server.url, ca, client: { certificate, key } });
    writeFileSync(join(home, 'kubeconfig'), text);
    expect(await kubectl('apply -f -', definition)).toContain('created');
  });

  afterAll(async () => {
    await server.close();
    rmSync(home, { recursive: true });
  });

  it('are explained', async () => {
    expect(await kubectl('wait --for=condition=Established crd/boats.example.org')).toContain('condition met');
    expect(await kubectl('explain bt.spec --recursive')).toMatch(/KIND: +Boat[\s\S]*length\s+<integer> -required-/);
    expect(await kubectl('explain boat.spec.length')).toContain('In feet.');
  });

  it('are held to schema, rules and policies', async () => {
    expect(await kubectl('apply -f -', boat(3))).toContain(
      'The Boat "a" is invalid: spec: Invalid value: 3 is too short',
    );
    expect(await kubectl('apply -f -', boat(9, ', sails: 2'))).toContain(
      'strict decoding error: unknown field "spec.sails"',
    );
    await kubectl('apply -f -', policy);
    const why =
      "ValidatingAdmissionPolicy 'short' with binding 'everywhere' denied request: must be shorter than 100 feet";
    expect(await kubectl('apply -f -', boat(200))).toContain(`The boats "a" is invalid: : ${why}`);
    expect(await kubectl('apply -f -', boat(50))).toContain('boat.example.org/a created');
  });

  it('go with their definition', async () => {
    expect(await kubectl('delete crd boats.example.org')).toContain('deleted');
    expect(await kubectl('get --raw /apis/example.org/v1/boats')).toContain('NotFound');
  });
});
