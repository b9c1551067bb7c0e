import { evictionThresholds } from '../eviction/pressure.ts';
import { imageGc } from '../imagegc.ts';
import { logLimits } from '../logs/rotate.ts';
import type { NodeDns, NodeIdentity } from '../options.ts';

const percent = (share: number) => Math.round(share * 100);

/** `/configz`: how this node is set, in the words of a kubelet's configuration; what it has no word for is left out. */
export function configurationOf({ node, dns }: { node: NodeIdentity; dns: NodeDns }) {
  return {
    kubeletconfig: {
      kind: 'KubeletConfiguration',
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      enableServer: false,
      enableDebuggingHandlers: true,
      enableSystemLogHandler: true,
      enableSystemLogQuery: false,
      clusterDomain: dns.domain,
      clusterDNS: dns.servers,
      resolvConf: dns.resolvConf,
      maxPods: node.podsMax,
      cgroupDriver: 'cgroupfs',
      cgroupsPerQOS: true,
      cpuCFSQuota: true,
      failSwapOn: false,
      serializeImagePulls: false,
      imageGCHighThresholdPercent: percent(imageGc.fullShare),
      imageGCLowThresholdPercent: percent(imageGc.goalShare),
      imageMinimumGCAge: `${imageGc.ageMsMin / 60_000}m0s`,
      containerLogMaxSize: `${logLimits.bytesMax / 2 ** 20}Mi`,
      containerLogMaxFiles: logLimits.filesMax,
      evictionHard: {
        'memory.available': `${evictionThresholds.memoryFreeBytesMin / 2 ** 20}Mi`,
        'nodefs.available': `${percent(evictionThresholds.volumesFreeShareMin)}%`,
        'imagefs.available': `${percent(evictionThresholds.imagesFreeShareMin)}%`,
      },
    },
  };
}
