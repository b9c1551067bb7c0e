import { type Plugin, scoreMax } from '../plugin.ts';

/** Sizes between which having the images counts from nothing to all. Source: kube-scheduler. */
const imageBytesMin = 23 * 2 ** 20;
const imageBytesMaxPerContainer = 1000 * 2 ** 20;

/** Prefers nodes that have the pod's images, the more so the larger they are. */
export const imageLocality: Plugin = {
  name: 'ImageLocality',
  wakesOn: 0,
  judge({ pod }, _labels, { table }) {
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const wanted = containers.flatMap(({ image }) => (image ? [normalized(image)] : []));
    if (wanted.length === 0) return undefined;
    const bytesMax = imageBytesMaxPerContainer * containers.length;
    return {
      isResolvable: false,
      fixed: {
        score(slot) {
          let bytes = 0;
          for (const { names = [], sizeBytes = 0 } of table.nodes[slot]?.status?.images ?? []) {
            for (const image of wanted) if (names?.includes(image)) bytes += sizeBytes;
          }
          const counted = Math.min(Math.max(bytes, imageBytesMin), bytesMax);
          return (scoreMax * (counted - imageBytesMin)) / (bytesMax - imageBytesMin);
        },
      },
    };
  },
};

/** Adds the tag that a name without tag or digest stands for. */
function normalized(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}
