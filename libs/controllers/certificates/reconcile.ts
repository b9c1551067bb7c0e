import type { V1CertificateSigningRequest, V1SubjectAccessReview } from '../../api/gen/types.ts';
import { certificatesigningrequests } from '../../api/kinds/certificatesigningrequest.ts';
import type { Resource } from '../../api/meta.ts';
import { rfc3339 } from '../../base/clock.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import {
  approvingSubresources,
  endMs,
  has,
  isIssued,
  isToBeSigned,
  lifeOf,
  type RequestFacts,
  signerProblem,
} from './compute.ts';

/** The cluster's authority, as far as this controller needs it. Both take requests in PEM. */
export interface CertificateAuthority {
  /** @throws Error when the request is malformed or not signed by its own key. */
  read(request: string): Promise<RequestFacts>;
  /** A certificate (PEM) for all that the request says. */
  sign(request: string, wish: { usages: readonly string[]; lifeMs: number }): Promise<string>;
}

const subjectAccessReviews: Resource<V1SubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};
const checkMsMax = 3_600_000;

type Condition = NonNullable<NonNullable<V1CertificateSigningRequest['status']>['conditions']>[number];

/** Approves what nodes ask for themselves, signs what has been approved for the cluster's own signers, removes old requests. */
export function newCertificatesController(context: ControllerContext, authority: CertificateAuthority): Controller {
  const { client, informers, clock } = context;
  const cache = informers.of(certificatesigningrequests);

  const withCondition = (csr: V1CertificateSigningRequest, condition: Omit<Condition, 'status'>) => {
    const now = rfc3339(clock.now());
    const added = { ...condition, status: 'True', lastUpdateTime: now, lastTransitionTime: now };
    return { ...csr, status: { ...csr.status, conditions: [...(csr.status?.conditions ?? []), added] } };
  };

  const mayApprove = async ({ spec }: V1CertificateSigningRequest, subresource: string): Promise<boolean> => {
    const { username: user, uid, groups, extra } = spec;
    const resourceAttributes = {
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'certificatesigningrequests',
      verb: 'create',
      subresource,
    };
    const review = { spec: { user, uid, groups, extra, resourceAttributes } };
    return (await client.create(subjectAccessReviews, review)).status?.allowed === true;
  };

  const approve = async (csr: V1CertificateSigningRequest): Promise<void> => {
    const facts = await authority.read(pemOf(csr)).catch(() => undefined);
    for (const subresource of facts ? approvingSubresources(csr, facts) : []) {
      if (!(await mayApprove(csr, subresource))) continue;
      const message = `a node asked for its own kind of certificate and may ${subresource}`;
      const approved = withCondition(csr, { type: 'Approved', reason: 'AutoApproved', message });
      await unlessMissing(client.update(certificatesigningrequests, approved, { subresource: 'approval' }));
      return;
    }
  };

  const sign = async (csr: V1CertificateSigningRequest): Promise<void> => {
    const request = pemOf(csr);
    const problem = await authority.read(request).then(
      (facts) => signerProblem(csr, facts),
      (error: Error) => error.message,
    );
    const answered = problem
      ? withCondition(csr, { type: 'Failed', reason: 'SignerValidationFailure', message: problem })
      : await signed(csr, request);
    await unlessMissing(client.update(certificatesigningrequests, answered, { subresource: 'status' }));
  };

  const signed = async (csr: V1CertificateSigningRequest, request: string): Promise<V1CertificateSigningRequest> => {
    const certificate = await authority.sign(request, { usages: csr.spec.usages ?? [], lifeMs: lifeOf(csr) });
    return { ...csr, status: { ...csr.status, certificate: Buffer.from(certificate).toString('base64') } };
  };

  const reconcile = async (name: string): Promise<ReconcileResult> => {
    const csr = cache.get(name);
    if (!csr) return {};
    const leftMs = endMs(csr) - clock.now();
    if (leftMs <= 0) {
      const preconditions = { uid: csr.metadata?.uid ?? '' };
      await unlessMissing(client.delete(certificatesigningrequests, { name }, { preconditions }));
      return {};
    }
    if (isToBeSigned(csr)) await sign(csr);
    else if (!isIssued(csr) && !has(csr, 'Approved') && !has(csr, 'Denied')) await approve(csr);
    return { requeueAfterMs: Math.min(leftMs, checkMsMax) };
  };

  const controller = new Controller(context, { name: 'certificates', caches: [cache], workers: 1, reconcile });
  const enqueue = (csr: V1CertificateSigningRequest) => controller.enqueue(csr.metadata?.name ?? '');
  cache.addHandler({ added: enqueue, updated: enqueue });
  return controller;
}

function pemOf({ spec }: V1CertificateSigningRequest): string {
  return Buffer.from(spec.request, 'base64').toString();
}
