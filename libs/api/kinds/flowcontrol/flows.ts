import type {
  FlowcontrolV1Subject,
  V1FlowSchema,
  V1FlowSchemaSpec,
  V1NonResourcePolicyRule,
  V1PolicyRulesWithSubjects,
  V1ResourcePolicyRule,
} from '../../gen/types.ts';
import { sameValue } from '../../validation/equality.ts';
import { dnsLabel, dnsSubdomain } from '../../validation/names.ts';
import type { Report } from '../../validation/report.ts';
import { all, below, each, fields, oneOf, present, type Rule, required, text } from '../../validation/rule.ts';
import { mandatoryFlow } from './defaults.ts';

const PRECEDENCE_MAX = 10_000;
const EXEMPT = 'exempt';
const VERBS = ['get', 'list', 'create', 'update', 'delete', 'deletecollection', 'patch', 'watch', 'proxy'];

/** A list that is not empty and in which `*` stands alone; says whether its items are worth a look. */
function choice(list: readonly string[] | undefined, at: Report, step: string): boolean {
  if (!list?.length) {
    at.required('', step);
    return false;
  }
  if (!list.includes('*')) return true;
  if (list.length > 1) at.invalid("'*' stands alone", step);
  return false;
}

function verbs(list: readonly string[] | undefined, at: Report): void {
  if (choice(list, at, 'verbs') && list?.some((verb) => !VERBS.includes(verb))) {
    at.notSupported([...VERBS].sort(), 'verbs');
  }
}

/** What is wrong with a path of a rule, if anything is. */
function pathComplaint(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return "must start with '/'";
  if (path.includes(' ')) return 'must have no spaces';
  if (path.includes('//')) return "must have no '//'";
  const stars = path.split('*').length - 1;
  return stars > 1 || (stars === 1 && !path.endsWith('/*')) ? "'*' stands only at the end, after '/'" : undefined;
}

const pathRule: Rule<V1NonResourcePolicyRule> = ({ verbs: asked, nonResourceURLs: paths }, at) => {
  verbs(asked, at);
  if (!choice(paths, at, 'nonResourceURLs')) return;
  paths.forEach((path, i) => {
    const complaint = pathComplaint(path);
    if (complaint) at.invalid(complaint, 'nonResourceURLs', i);
  });
};

const resourceRule: Rule<V1ResourcePolicyRule> = (rule, at) => {
  verbs(rule.verbs, at);
  choice(rule.apiGroups, at, 'apiGroups');
  choice(rule.resources, at, 'resources');
  if (!rule.namespaces?.length && rule.clusterScope) return;
  if (!choice(rule.namespaces, at, 'namespaces')) return;
  rule.namespaces?.forEach((namespace, i) => {
    for (const complaint of dnsLabel(namespace)) at.invalid(complaint, 'namespaces', i);
  });
};

const SUBJECTS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

/** Each kind of subject has a field of its own, and only that one. */
const subject: Rule<FlowcontrolV1Subject> = (value, at, context) => {
  const own = SUBJECTS[value.kind as keyof typeof SUBJECTS];
  if (!own) return at.notSupported(Object.keys(SUBJECTS).sort(), 'kind');
  if (!value[own]) at.required('', own);
  else if (own !== 'serviceAccount')
    below(at, own, value[own], fields<{ name: string }>({ name: required() }), context);
  else below(at, own, value.serviceAccount, serviceAccount, context);
  for (const other of Object.values(SUBJECTS)) {
    if (other !== own && value[other]) at.forbidden(`goes with another kind than ${value.kind}`, other);
  }
};

const serviceAccount: Rule<{ name: string; namespace: string }> = fields<{ name: string; namespace: string }>({
  name: required((name: string, at) => {
    if (name !== '*') for (const complaint of dnsSubdomain(name)) at.invalid(complaint);
  }),
  namespace: required(text(dnsLabel)),
});

const rule: Rule<V1PolicyRulesWithSubjects> = all<V1PolicyRulesWithSubjects>(
  fields<V1PolicyRulesWithSubjects>({ subjects: required(each(subject)) }),
  (value, at) => {
    if (!value.resourceRules?.length && !value.nonResourceRules?.length) at.required('names no requests');
  },
  fields<V1PolicyRulesWithSubjects>({ resourceRules: each(resourceRule), nonResourceRules: each(pathRule) }),
);

const others: Rule<V1FlowSchemaSpec> = fields<V1FlowSchemaSpec>({
  distinguisherMethod: fields<{ type: string }>({ type: present(oneOf(['ByNamespace', 'ByUser'])) }),
  priorityLevelConfiguration: present(fields<{ name: string }>({ name: required(text(dnsSubdomain)) })),
  rules: each(rule),
});

/** A flow schema's specification. Only the schema named `exempt` comes before all others. */
export const flowSpec: Rule<V1FlowSchema> = ({ metadata, spec }, at, context) => {
  const precedence = spec?.matchingPrecedence ?? 0;
  at.enter('spec');
  if (precedence <= 0) at.invalid('must be positive', 'matchingPrecedence');
  if (precedence > PRECEDENCE_MAX) at.invalid(`must not be greater than ${PRECEDENCE_MAX}`, 'matchingPrecedence');
  if (precedence === 1 && metadata?.name !== EXEMPT) at.invalid('is for the schema named exempt', 'matchingPrecedence');
  others(spec ?? { priorityLevelConfiguration: { name: '' } }, at, context);
  const must = mandatoryFlow(metadata?.name);
  if (must && !sameValue(must, spec)) at.invalid(`${metadata?.name} keeps its meaning`);
  at.leave();
};
