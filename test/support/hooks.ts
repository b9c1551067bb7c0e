import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { systemClock } from '../../libs/base/clock.ts';
import { issueAuthority, issueLeaf, newPrivateKey, publicKeyOf } from '../../libs/pki/issue.ts';
import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from './registry.ts';

export interface AskedOfHook {
  path: string;
  request: {
    name?: string;
    operation: string;
    object: object | null;
    oldObject: object | null;
    [key: string]: unknown;
  };
}

/** A response to a review, a status of HTTP, silence, or what is no review. */
export type HookAnswer = object | number | 'never' | 'nonsense';

/** The certificates' library is slow to load on a busy machine. */
export const hookSetUpMsMax = 60_000;

export function hookRule(more: object = {}): object {
  return { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'], scope: '*', ...more };
}

export function hookPatch(...operations: object[]): object {
  const encoded = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { allowed: true, patch: encoded, patchType: 'JSONPatch' };
}

export const hookConfigMap = (name: string, data: object = {}) =>
  bodyOf({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data });

/** A server of webhooks, and scratch registries that ask it. */
export class HookBench {
  asked: AskedOfHook[] = [];
  /** What the webhook at each path answers; absent: it allows. */
  answers: Record<string, HookAnswer> = {};
  connections = 0;
  private scratch: ScratchRegistry | undefined;

  private constructor(
    private readonly server: Server,
    private readonly ca: string,
  ) {}

  static async open(): Promise<HookBench> {
    const caKey = await newPrivateKey();
    const ca = await issueAuthority('hooks', caKey, systemClock.now());
    const key = await newPrivateKey();
    const certificate = await issueLeaf({
      subject: { commonName: 'hook' },
      usage: 'server',
      names: ['hook.x.svc'],
      publicKey: publicKeyOf(key),
      issuer: { certificate: ca, key: caKey },
      nowMs: systemClock.now(),
    });
    const server = createServer({ key, cert: certificate });
    const bench = new HookBench(server, ca);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const path = new URL(request.url ?? '/', 'https://x').pathname;
        const answer = bench.answerTo(path, Buffer.concat(parts).toString());
        if (typeof answer === 'number') response.writeHead(answer).end('broken');
        else if (answer !== undefined) response.end(answer);
      });
    });
    server.on('secureConnection', () => bench.connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return bench;
  }

  get registry(): ScratchRegistry {
    if (!this.scratch) throw new Error('no registry before begin()');
    return this.scratch;
  }

  /** A registry without webhooks, and nothing asked yet. */
  async begin(): Promise<void> {
    this.asked = [];
    this.answers = {};
    this.connections = 0;
    const { port } = this.server.address() as AddressInfo;
    this.scratch = await openScratchRegistry({ dial: async () => connect(port, '127.0.0.1') });
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  hook(path: string, more: object = {}): object {
    return {
      name: `${path}.example.com`,
      clientConfig: {
        service: { namespace: 'x', name: 'hook', path: `/${path}` },
        caBundle: Buffer.from(this.ca).toString('base64'),
      },
      rules: [hookRule()],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 1,
      ...more,
    };
  }

  async configure(type: 'Validating' | 'Mutating', ...webhooks: object[]): Promise<void> {
    const kind = `${type}WebhookConfiguration`;
    const body = { kind, apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'hooks' }, webhooks };
    const service = this.registry.service(`admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`);
    await service.create({}, bodyOf(body), asks());
  }

  create(name: string, data?: object, more: object = {}) {
    return this.registry.service('configmaps').create({ namespace: 'x' }, hookConfigMap(name, data), asks(more));
  }

  private answerTo(path: string, text: string): string | number | undefined {
    const { request } = JSON.parse(text) as AskedOfHook & { request: { uid: string } };
    this.asked.push({ path, request });
    const answer = this.answers[path] ?? { allowed: true };
    if (answer === 'never') return undefined;
    if (answer === 'nonsense') return '<html>';
    if (typeof answer === 'number') return answer;
    const response = { uid: request.uid, ...answer };
    return JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response });
  }
}
