import type {
  V1ClusterTrustBundleProjection,
  V1DownwardAPIProjection,
  V1KeyToPath,
  V1PodCertificateProjection,
  V1ProjectedVolumeSource,
  V1ServiceAccountTokenProjection,
  V1VolumeProjection,
} from '../../gen/types.ts';
import { labelSelector } from '../labels.ts';
import { fileMode, localPath } from '../paths.ts';
import type { Report } from '../report.ts';
import { all, below, fields, oneOf, type Rule } from '../rule.ts';
import { isKubernetesSigner, signerName, trustBundleName } from '../signers.ts';
import { downwardFile, keyToPath } from './files.ts';

const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;
const CERTIFICATE_SECONDS_MIN = 3600;
const CERTIFICATE_SECONDS_MAX = 91 * 86_400;
const KUBERNETES_CERTIFICATE_SECONDS_MAX = 86_400;

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];

/** How far the volume's source is above a projection: `sources`, its index, its kind. */
const STEPS_TO_SOURCE = 3;

/** Paths written so far; all projections of a volume share one directory. */
type Taken = Set<string>;

function take(path: string | undefined, taken: Taken, at: Report): void {
  if (!path) return;
  if (taken.has(path)) at.above(STEPS_TO_SOURCE, () => at.invalid('two projections write the same path'));
  taken.add(path);
}

const keys: Rule<{ name?: string; items?: readonly V1KeyToPath[] }, Taken> = (projection, at, taken) => {
  if (!projection.name) at.required('', 'name');
  at.enter('items');
  projection.items?.forEach((item, i) => {
    below(at, i, item, keyToPath, undefined);
  });
  at.leave();
  for (const item of projection.items ?? []) take(item.path, taken, at);
};

const downwardFiles: Rule<V1DownwardAPIProjection, Taken> = (projection, at, taken) => {
  for (const file of projection.items ?? []) {
    downwardFile(file, at, undefined);
    take(file.path, taken, at);
  }
};

/** Complaints about the token's path stand at the volume's source. */
const token: Rule<V1ServiceAccountTokenProjection> = (projection, at) => {
  const seconds = projection.expirationSeconds ?? 0;
  if (seconds < TOKEN_SECONDS_MIN) at.invalid('must be at least 10 minutes', 'expirationSeconds');
  if (seconds > TOKEN_SECONDS_MAX) at.invalid('must be at most 2^32 seconds', 'expirationSeconds');
  at.above(STEPS_TO_SOURCE, () => {
    if (!projection.path) at.required('', 'path');
    below(at, 'path', projection.path, localPath, undefined);
  });
};

const trustBundle: Rule<V1ClusterTrustBundleProjection, Taken> = (bundle, at, taken) => {
  if (bundle.name !== undefined && bundle.signerName !== undefined)
    at.invalid('name and signerName exclude each other');
  else if (bundle.name !== undefined) {
    if (bundle.name === '') at.required('', 'name');
    for (const complaint of trustBundleName(bundle.name)) at.invalid(complaint, 'name');
    if (bundle.labelSelector) at.invalid('goes with signerName only', 'labelSelector');
  } else if (bundle.signerName !== undefined) {
    if (bundle.signerName === '') at.required('', 'signerName');
    below(at, 'signerName', bundle.signerName, signerName, undefined);
    below(at, 'labelSelector', bundle.labelSelector, labelSelector, undefined);
  } else at.required('needs name or signerName');
  if (!bundle.path) at.required('', 'path');
  below(at, 'path', bundle.path, localPath, undefined);
  take(bundle.path, taken, at);
};

const certificate: Rule<V1PodCertificateProjection, Taken> = (projection, at, taken) => {
  const signer = projection.signerName ?? '';
  below(at, 'signerName', signer, signerName, undefined);
  below(at, 'keyType', projection.keyType ?? '', oneOf(KEY_TYPES), undefined);
  const seconds = projection.maxExpirationSeconds ?? CERTIFICATE_SECONDS_MIN;
  const longest = isKubernetesSigner(signer) ? KUBERNETES_CERTIFICATE_SECONDS_MAX : CERTIFICATE_SECONDS_MAX;
  if (seconds < CERTIFICATE_SECONDS_MIN) at.invalid('must be at least an hour', 'maxExpirationSeconds');
  if (seconds > longest) at.invalid(`must be at most ${longest}`, 'maxExpirationSeconds');
  const names = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter(
    (name) => projection[name],
  );
  for (const name of names) {
    below(at, name, projection[name], localPath, undefined);
    take(projection[name], taken, at);
  }
  if (names.length === 0) at.required('needs at least one path');
};

const projection: Rule<V1VolumeProjection, Taken> = all<V1VolumeProjection, Taken>(
  fields<V1VolumeProjection, Taken>({
    secret: keys,
    configMap: keys,
    downwardAPI: downwardFiles,
    serviceAccountToken: token,
    clusterTrustBundle: trustBundle,
    podCertificate: certificate,
  }),
  (value, at) => {
    if (Object.keys(value).length > 1) at.forbidden('a projection has one source only');
  },
);

export const projectedSource: Rule<V1ProjectedVolumeSource> = (source, at) => {
  below(at, 'defaultMode', source.defaultMode, fileMode, undefined);
  const taken: Taken = new Set();
  at.enter('sources');
  source.sources?.forEach((item, i) => {
    below(at, i, item, projection, taken);
  });
  at.leave();
};
