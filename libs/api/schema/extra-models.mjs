// Types that the models of @kubernetes/client-node lack, in the form that readModels gives: metrics.k8s.io, which
// Kubernetes serves through an add-on.
const field = (name, type, description, more = {}) => ({
  name,
  type,
  format: '',
  required: false,
  description,
  ...more,
});

const head = [
  field('apiVersion', 'string', 'Version of the schema that this object is written in.'),
  field('kind', 'string', 'Name of the schema that this object is written in.'),
];
const sample = [
  field('timestamp', 'Date', 'End of the time in which the usage was measured.', {
    format: 'date-time',
    required: true,
  }),
  field('window', 'string', 'Length of the time in which the usage was measured, such as 15s.', { required: true }),
];
const usage = field('usage', '{ [key: string]: string; }', 'CPU and memory used, as quantities by resource name.', {
  required: true,
});
const metadata = field('metadata', 'V1ObjectMeta', 'Metadata of the object.');

const model = (name, description, fields) => ({
  name,
  description,
  fields: fields.sort((a, b) => (a.name < b.name ? -1 : 1)),
});

const listOf = (name, item) =>
  model(`${name}List`, `A list of ${item}.`, [
    ...head,
    field('metadata', 'V1ListMeta', 'Metadata of the list.'),
    field('items', `Array<${name}>`, `The ${item}.`, { required: true }),
  ]);

export const extraModels = [
  model('V1beta1ContainerMetrics', 'What one container of a pod uses.', [
    field('name', 'string', 'Name of the container.', { required: true }),
    usage,
  ]),
  model('V1beta1NodeMetrics', 'What one node uses.', [...head, metadata, ...sample, usage]),
  listOf('V1beta1NodeMetrics', 'measurements of nodes'),
  model('V1beta1PodMetrics', 'What the containers of one pod use.', [
    ...head,
    metadata,
    ...sample,
    field('containers', 'Array<V1beta1ContainerMetrics>', 'Usage of each container.', { required: true }),
  ]),
  listOf('V1beta1PodMetrics', 'measurements of pods'),
];
