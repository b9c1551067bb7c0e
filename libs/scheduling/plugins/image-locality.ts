import type { NodeTable } from '../node-table.ts';
import { type Plugin, scoreMax } from '../plugin.ts';

/** Sizes between which having the images counts from nothing to all. Source: kube-scheduler. */
const imageBytesMin = 23 * 2 ** 20;
const imageBytesMaxPerContainer = 1000 * 2 ** 20;
/** Shares of the nodes that have an image are told apart this finely, so that few pulls change any score. */
const shareSteps = 16;

/**
 * Prefers nodes that have the pod's images, the more so the larger they are and the more nodes have them: an image that
 * only one node has must not draw all its pods there.
 */
export const imageLocality: Plugin = {
  name: 'ImageLocality',
  wakesOn: 0,
  judge({ pod }, _labels, { table }) {
    const { containers = [], initContainers = [], volumes = [] } = pod.spec ?? {};
    const all = [...containers, ...initContainers];
    const references = [...all.map(({ image }) => image), ...volumes.map(({ image }) => image?.reference)];
    const wanted = references.flatMap((image) => (image ? [normalized(image)] : []));
    if (wanted.length === 0) return undefined;
    const bytesMax = imageBytesMaxPerContainer * all.length;
    const bytesOn = heldBytes(wanted, table);
    const shares = wanted.map(() => 0);
    let seen = -1;
    let epoch = 0;
    return {
      isResolvable: false,
      local: {
        epoch() {
          if (seen === table.imageVersion) return epoch;
          seen = table.imageVersion;
          let isSame = true;
          for (let at = 0; at < wanted.length; at++) {
            const step = Math.round((table.nodesWithImage(wanted[at]!) / Math.max(1, table.count)) * shareSteps);
            if (shares[at] === step / shareSteps) continue;
            shares[at] = step / shareSteps;
            isSame = false;
          }
          if (!isSame) epoch++;
          return epoch;
        },
        score(slot) {
          const held = bytesOn(slot);
          if (held.length === 0) return 0;
          let bytes = 0;
          for (let at = 0; at < held.length; at++) bytes += held[at]! * shares[at]!;
          const counted = Math.min(Math.max(bytes, imageBytesMin), bytesMax);
          return (scoreMax * (counted - imageBytesMin)) / (bytesMax - imageBytesMin);
        },
      },
    };
  },
};

const none: readonly number[] = [];

/** How large each of the images is on a node, read again only when the Node object has changed. */
function heldBytes(wanted: readonly string[], table: NodeTable): (slot: number) => readonly number[] {
  const versions: number[] = [];
  const held: Array<readonly number[]> = [];
  return (slot) => {
    if (versions[slot] === table.staticVersion[slot]) return held[slot]!;
    const images = table.nodes[slot]?.status?.images ?? [];
    const bytes = wanted.map((image) => images.find(({ names }) => names?.includes(image))?.sizeBytes ?? 0);
    versions[slot] = table.staticVersion[slot]!;
    held[slot] = bytes.some((each) => each > 0) ? bytes : none;
    return held[slot]!;
  };
}

/** Adds the tag that a name without tag or digest stands for. */
function normalized(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}
