import type { V1CertificateSigningRequest } from '../api/gen/types.ts';
import { sameValue } from '../api/validation/equality.ts';
import type { Authorizer } from '../auth/attributes.ts';
import { systemGroups, type UserInfo } from '../auth/user.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { readSigningRequest } from '../pki/request.ts';
import { forbidden, invalid } from '../registry/errors.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import type { AdmissionPlugin } from './chain.ts';

const resources = ['certificates.k8s.io/certificatesigningrequests'];
const clientSigner = 'kubernetes.io/kube-apiserver-client';

type Request = V1CertificateSigningRequest;

/** A request says who has made it, and its conditions say since when they hold. */
export function completeCertificateRequests(clock: Clock): AdmissionPlugin {
  return {
    name: 'CertificateRequester',
    resources,
    admit({ operation, object, previous, request, subresource }) {
      const csr = object as Request;
      if (operation === 'create') {
        const { name, uid, groups, extra } = request.user;
        const copied = extra && Object.fromEntries(Object.entries(extra).map(([key, list]) => [key, [...list]]));
        csr.spec = { ...csr.spec, username: name, uid, groups: [...groups], extra: copied };
      } else if (operation === 'update' && subresource !== undefined) {
        dateConditions(csr, previous as Request, rfc3339(clock.now()));
      }
    },
  };
}

function dateConditions(csr: Request, previous: Request, now: string): void {
  for (const condition of csr.status?.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    const earlier = previous.status?.conditions?.find(
      ({ type, status }) => type === condition.type && status === condition.status,
    );
    condition.lastTransitionTime ??= earlier?.lastTransitionTime ?? now;
  }
}

/** Who approves or signs requests may do so for their signer. */
export function certificateDecisions(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    resources,
    validate(attributes) {
      const { operation, subresource, definition, at, request } = attributes;
      const verb = operation === 'update' ? neededVerb(subresource, attributes) : undefined;
      const { signerName } = (attributes.previous as Request | undefined)?.spec ?? {};
      if (!verb || !signerName || mayDecide(authorizer, request.user, { verb, signerName })) return;
      const why = `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`;
      throw forbidden(definition, at.name ?? '', why);
    },
  };
}

function neededVerb(
  subresource: string | undefined,
  { object, previous }: AdmissionAttributes,
): 'approve' | 'sign' | undefined {
  if (subresource === 'approval') return 'approve';
  const same = sameValue((object as Request).status, (previous as Request).status);
  return subresource === 'status' && !same ? 'sign' : undefined;
}

/** For the signer by its name, or for all of its domain: `example.com/*`. */
function mayDecide(authorizer: Authorizer, user: UserInfo, { verb, signerName }: { verb: string; signerName: string }) {
  const wildcard = `${signerName.split('/')[0]}/*`;
  return [signerName, wildcard].some((name) => {
    const resource = { group: 'certificates.k8s.io', version: '*', plural: 'signers', name };
    return authorizer.authorize(user, { verb, path: '', resource }).verdict === 'allow';
  });
}

/** Requests are signed by their own key, and none asks for membership of the masters. */
export const certificateSubjects: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  resources,
  async validate({ operation, definition, object, at }) {
    if (operation !== 'create') return;
    const { spec } = object as Request;
    const facts = await readSigningRequest(Buffer.from(spec.request, 'base64').toString()).catch((error: Error) => {
      const field = { field: 'spec.request', reason: 'FieldValueInvalid' as const, message: error.message };
      throw invalid(definition, at.name ?? '', [field]);
    });
    if (spec.signerName === clientSigner && facts.organizations.includes(systemGroups.masters)) {
      throw forbidden(
        definition,
        at.name ?? '',
        `use of ${clientSigner} signer with system:masters group is not allowed`,
      );
    }
  },
};
