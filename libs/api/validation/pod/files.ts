import type { V1DownwardAPIVolumeFile, V1KeyToPath } from '../../gen/types.ts';
import { fileMode, localPath } from '../paths.ts';
import { all, below, fields, type Rule, required } from '../rule.ts';
import { fileFieldSelector, resourceSelector } from './environment.ts';

/** One key of a ConfigMap or Secret as a file. */
export const keyToPath: Rule<V1KeyToPath> = fields<V1KeyToPath>({
  key: required(),
  path: required(localPath),
  mode: fileMode,
});

const exactlyOneReference: Rule<V1DownwardAPIVolumeFile> = (file, at) => {
  if (file.fieldRef && file.resourceFieldRef) at.invalid('fieldRef and resourceFieldRef exclude each other');
  else if (file.resourceFieldRef)
    below(at, 'resourceFieldRef', file.resourceFieldRef, resourceSelector('volume'), undefined);
  else if (!file.fieldRef) at.required('needs fieldRef or resourceFieldRef');
};

/** One field of the pod, or one resource of a container, as a file. */
export const downwardFile: Rule<V1DownwardAPIVolumeFile> = all<V1DownwardAPIVolumeFile>(
  fields<V1DownwardAPIVolumeFile>({ path: required(localPath), fieldRef: fileFieldSelector }),
  exactlyOneReference,
  fields<V1DownwardAPIVolumeFile>({ mode: fileMode }),
);
