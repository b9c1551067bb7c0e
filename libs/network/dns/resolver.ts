import type { Answer, Question } from 'dns-packet';
import type { NameRecords, Zone } from './zone.ts';

/** Seconds that clients may keep an answer; short, since endpoints move. */
const ttlSeconds = 5;

export interface Resolution {
  code: 'NOERROR' | 'NXDOMAIN';
  answers: Answer[];
  authorities: Answer[];
  additionals: Answer[];
  /** The name of an external service, to be asked upstream and appended. */
  follow?: string;
}

/** The answer to one question, or undefined when the name is not ours and belongs to the machine's own resolvers. */
export function resolve(zone: Zone, domain: string, question: Question): Resolution | undefined {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  if (question.type === 'PTR') return resolvePointer(zone, question);
  if (name !== domain && !name.endsWith(`.${domain}`)) return undefined;
  const records = zone.names.get(name) ?? podRecords(name, domain) ?? rootRecords(name, domain);
  if (!records) return { code: 'NXDOMAIN', answers: [], authorities: [authority(domain)], additionals: [] };
  if (records.alias) return resolveAlias(zone, { domain, question, alias: records.alias });
  return answer(zone, records, { domain, question });
}

function answer(zone: Zone, records: NameRecords, asked: { domain: string; question: Question }): Resolution {
  const { name, type } = asked.question;
  const any = type === ('ANY' as string);
  const found: Resolution = { code: 'NOERROR', answers: [], authorities: [], additionals: [] };
  if (type === 'A' || any) found.answers.push(...records.addresses.map((data) => address(name, data)));
  if (type === 'SRV' || any) {
    for (const target of records.services) {
      found.answers.push({
        type: 'SRV',
        name,
        ttl: ttlSeconds,
        data: { priority: 0, weight: 100, port: target.port, target: target.host },
      });
      for (const ip of zone.names.get(target.host)?.addresses ?? []) found.additionals.push(address(target.host, ip));
    }
  }
  if (found.answers.length === 0) found.authorities.push(authority(asked.domain));
  return found;
}

function resolveAlias(zone: Zone, asked: { domain: string; question: Question; alias: string }): Resolution {
  const { question, alias, domain } = asked;
  const link: Answer = { type: 'CNAME', name: question.name, ttl: ttlSeconds, data: alias };
  const inner = question.type === 'CNAME' ? undefined : resolve(zone, domain, { ...question, name: alias });
  const rest = {
    answers: inner?.answers ?? [],
    authorities: inner?.authorities ?? [],
    additionals: inner?.additionals ?? [],
  };
  const follow = inner === undefined && question.type !== 'CNAME' ? { follow: alias } : {};
  return { code: 'NOERROR', ...rest, answers: [link, ...rest.answers], ...follow };
}

function resolvePointer(zone: Zone, question: Question): Resolution | undefined {
  const target = zone.pointers.get(question.name.toLowerCase().replace(/\.$/, ''));
  if (!target) return undefined;
  const found: Answer = { type: 'PTR', name: question.name, ttl: ttlSeconds, data: target };
  return { code: 'NOERROR', answers: [found], authorities: [], additionals: [] };
}

/** `10-244-0-7.namespace.pod.cluster.local` is 10.244.0.7. */
function podRecords(name: string, domain: string): NameRecords | undefined {
  const match = /^(\d+)-(\d+)-(\d+)-(\d+)\.[^.]+\.pod$/.exec(name.slice(0, -domain.length - 1));
  if (!match || match.slice(1).some((part) => Number(part) > 255)) return undefined;
  return { addresses: [match.slice(1).join('.')], services: [] };
}

/** The zone itself exists even while no service does. */
function rootRecords(name: string, domain: string): NameRecords | undefined {
  return name === domain || name === `svc.${domain}` || name === `pod.${domain}`
    ? { addresses: [], services: [] }
    : undefined;
}

function address(name: string, data: string): Answer {
  return { type: 'A', name, ttl: ttlSeconds, data };
}

/** Says who answers for the zone and for how long a "no" may be kept (RFC 2308). */
function authority(domain: string): Answer {
  const data = {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttlSeconds,
  };
  return { type: 'SOA', name: domain, ttl: ttlSeconds, data };
}
