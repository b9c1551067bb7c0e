import type { V1APIService } from '../../../libs/api/gen/types.ts';
import type { Collection } from '../../../libs/cache/collection.ts';
import type { ServicePort } from '../../../libs/webhook/agents.ts';

const httpsPort = 443;

/** One version of a group that another server answers for. */
export interface AggregatedApi {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly service: ServicePort;
  /** PEM. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly available: boolean;
  readonly versionPriority: number;
  readonly object: V1APIService;
}

/** The versions that APIServices give to other servers. Read again when one of them has changed. */
export class AggregatedApis {
  private version = -1;
  private byGroupVersion: ReadonlyMap<string, AggregatedApi> = new Map();

  constructor(private readonly services: Collection) {}

  /** Whose request this is; undefined when it is this server's own. */
  at(path: string): AggregatedApi | undefined {
    const all = this.current();
    if (all.size === 0 || !path.startsWith('/apis/')) return undefined;
    const [, , group, version] = path.split('/', 4);
    return all.get(`${group}/${version}`);
  }

  all(): AggregatedApi[] {
    return [...this.current().values()];
  }

  private current(): ReadonlyMap<string, AggregatedApi> {
    const { lastChange } = this.services;
    if (lastChange !== this.version) {
      const list = Array.from(this.services.list({}), ([, document]) => document.object as V1APIService);
      this.byGroupVersion = new Map(list.flatMap(readApi).map((api) => [`${api.group}/${api.version}`, api]));
      this.version = lastChange;
    }
    return this.byGroupVersion;
  }
}

function readApi(object: V1APIService): AggregatedApi[] {
  const { spec, metadata, status } = object;
  if (!spec?.service || !spec.group || !spec.version) return [];
  const { namespace = '', name = '', port = httpsPort } = spec.service;
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  return [
    {
      name: metadata?.name ?? '',
      group: spec.group,
      version: spec.version,
      service: { namespace, name, port },
      ca: spec.caBundle ? Buffer.from(spec.caBundle, 'base64').toString() : undefined,
      insecure: spec.insecureSkipTLSVerify === true,
      available: condition?.status === 'True',
      versionPriority: spec.versionPriority,
      object,
    },
  ];
}
