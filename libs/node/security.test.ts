import { containerOf, podOf } from '../../test/support/observed.ts';
import type { ImageInfo } from '../runtime/runtime.ts';
import { containerSecurity, refuseRoot } from './security.ts';

const image: ImageInfo = { id: 'i', tags: [], digests: [], sizeBytes: 10, username: '', pinned: false };

describe('security', () => {
  it.each([
    [
      'an image of root',
      {},
      {},
      'container has runAsNonRoot and image will run as root (pod: "p_ns(u)", container: c)',
    ],
    [
      'the user root',
      { runAsUser: 0 },
      {},
      'container\'s runAsUser breaks non-root policy (pod: "p_ns(u)", container: c)',
    ],
    [
      'a user by name',
      {},
      { username: 'app' },
      'container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root (pod: "p_ns(u)", container: c)',
    ],
    ['nothing of another user', { runAsUser: 1 }, {}, undefined],
    ['nothing of an image of another user', {}, { uid: 5 }, undefined],
  ])('refuses %s', (_, context, ofImage, refusal) => {
    const container = containerOf('c', { securityContext: { runAsNonRoot: true, ...context } });
    expect(refuseRoot(podOf(), container, { ...image, ...ofImage })).toBe(refusal);
  });

  it('takes the settings of the container before those of the pod', () => {
    const pod = podOf({
      securityContext: {
        runAsUser: 1,
        runAsGroup: 2,
        fsGroup: 3,
        supplementalGroups: [4],
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    const own = {
      runAsUser: 9,
      allowPrivilegeEscalation: false,
      capabilities: { add: ['CAP_NET_ADMIN'], drop: ['all'] },
    };
    expect(containerSecurity(pod, containerOf('c', { securityContext: own }), image)).toMatchObject({
      runAsUser: 9,
      runAsGroup: 2,
      supplementalGroups: [4, 3],
      noNewPrivileges: true,
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
      seccomp: { type: 'RuntimeDefault' },
    });
  });

  it('is open where nothing is said', () => {
    const security = containerSecurity(podOf(), containerOf('c'), image);
    expect(security).toMatchObject({ privileged: false, runAsUser: 0, seccomp: { type: 'Unconfined' } });
  });
});
