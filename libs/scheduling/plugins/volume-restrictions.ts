import { type Plugin, wakesOn } from '../plugin.ts';

export const reason =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';

/** Gives a claim of the access mode ReadWriteOncePod to one pod only. */
export const volumeRestrictions: Plugin = {
  name: 'VolumeRestrictions',
  wakesOn: wakesOn.podRemoved | wakesOn.volumes,
  judge({ claims }, _labels, { volumes }) {
    if (claims.length === 0) return undefined;
    const isTaken = (key: string) =>
      volumes.usersOf(key) > 0 && volumes.claim(key)?.spec?.accessModes?.includes('ReadWriteOncePod');
    return {
      isResolvable: true,
      local: {
        epoch: () => (claims.some(isTaken) ? 1 : 0),
        filter: () => (claims.some(isTaken) ? reason : undefined),
      },
    };
  },
};
