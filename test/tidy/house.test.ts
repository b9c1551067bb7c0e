import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { functionsOf, importsOf, isTest, projectFiles, typescriptFiles } from './sources.ts';

const functionLinesMax = 70;
const lineCharactersMax = 160;
const fileLinesMax = 400;

const files = typescriptFiles();
const sources = files.filter((file) => !isTest(file.path));
const root = join(import.meta.dirname, '../..');

/** `libs/runtime/cri/x.ts` -> `runtime`; `apps/agent/x.ts` -> `apps/agent`. */
function roomOf(path: string): string {
  const [top = '', name = ''] = path.split('/');
  return top === 'libs' ? name : `${top}/${name}`;
}

/** What each room may import besides itself. Order of the house: see ARCHITECTURE.md. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  api: ['base'],
  cel: ['base', 'api'],
  streaming: ['base'],
  pki: ['base', 'api'],
  telemetry: ['base'],
  images: ['base'],
  store: ['base', 'api'],
  'store-embedded': ['base', 'api', 'store'],
  'store-etcd': ['base', 'api', 'store'],
  cache: ['base', 'api', 'store'],
  auth: ['base', 'api', 'store', 'cache', 'pki'],
  registry: ['base', 'api', 'cel', 'store', 'cache', 'auth'],
  admission: ['base', 'api', 'cel', 'store', 'cache', 'auth', 'registry', 'webhook', 'pki'],
  webhook: ['base'],
  audit: ['base', 'api', 'auth'],
  client: ['base', 'api', 'store', 'cache', 'auth', 'registry'],
  reconcile: ['base', 'api', 'client'],
  component: ['base', 'api', 'client', 'reconcile', 'telemetry'],
  controllers: ['base', 'api', 'client', 'reconcile'],
  scheduling: ['base', 'api'],
  statemetrics: ['base', 'api'],
  runtime: ['base', 'wire'],
  pods: ['base', 'api'],
  node: ['base', 'api', 'wire', 'pods', 'runtime', 'streaming'],
  network: ['base', 'api', 'node'],
  provision: ['base', 'images', 'network'],
  wire: ['base', 'api'],
};

/** Packages that only some rooms may use. */
const packageRooms: Array<{ name: RegExp; rooms: RegExp }> = [
  { name: /^@nestjs\/|^fastify$/, rooms: /^apps\// },
  { name: /^@grpc\//, rooms: /^(wire|runtime|apps\/.*)$/ },
  { name: /^etcd3$/, rooms: /^store-etcd$/ },
  { name: /^lmdb$/, rooms: /^store-embedded$/ },
  { name: /^prom-client$/, rooms: /^telemetry$/ },
  { name: /^re2js$/, rooms: /^cel$/ },
];

const bannedCalls = /(?<![.\w])(Date\.now\(|new Date\(\)|Math\.random\(|setTimeout\((?!\))|setInterval\()/;

describe('the house', () => {
  it('has functions that fit on a page', () => {
    const long = sources.flatMap((file) =>
      functionsOf(file)
        .filter((each) => each.lines > functionLinesMax)
        .map((each) => `${file.path} ${each.name}: ${each.lines} lines`),
    );
    expect(long).toEqual([]);
  });

  it('has files with one subject', () => {
    expect(
      sources.filter((file) => file.lines.length > fileLinesMax).map((file) => `${file.path}: ${file.lines.length}`),
    ).toEqual([]);
  });

  it('has lines that can be read', () => {
    const long = files.flatMap((file) =>
      file.lines.flatMap((line, i) => (line.length > lineCharactersMax ? [`${file.path}:${i + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  it('imports only downwards', () => {
    const wrong = files
      .filter((file) => file.path.startsWith('libs/') && !isTest(file.path))
      .flatMap((file) => {
        const room = roomOf(file.path);
        const allowed = mayImport[room];
        if (!allowed) return [`${file.path}: room ${room} has no place in the house`];
        return importsOf(file)
          .filter(
            (target) =>
              /^(libs|apps|test)\//.test(target) && roomOf(target) !== room && !allowed.includes(roomOf(target)),
          )
          .map((target) => `${file.path} imports ${target}`);
      });
    expect(wrong).toEqual([]);
  });

  it('keeps programs, controllers and plugins apart', () => {
    const apart = (folder: RegExp, except: RegExp) =>
      sources.flatMap((file) => {
        const own = folder.exec(file.path)?.[1];
        if (!own || except.test(file.path)) return [];
        return importsOf(file)
          .filter((target) => folder.exec(target) && folder.exec(target)?.[1] !== own)
          .map((target) => `${file.path} imports ${target}`);
      });
    expect(apart(/^apps\/([^/]+)\//, /^apps\/server\//)).toEqual([]);
    expect(apart(/^libs\/controllers\/([^/]+)\//, /^$/)).toEqual([]);
    expect(apart(/^libs\/scheduling\/plugins\/([^/]+)\.ts$/, /registry|\.test\./)).toEqual([]);
  });

  it('keeps packages in their rooms', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => packageRooms.some(({ name, rooms }) => name.test(target) && !rooms.test(roomOf(file.path))))
        .map((target) => `${file.path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('takes time and chance from libs/base', () => {
    const wrong = sources
      .filter((file) => !file.path.startsWith('libs/base/'))
      .flatMap((file) =>
        file.lines.flatMap((line, i) =>
          bannedCalls.test(line) && !/^\s*(\/\/|\*)/.test(line) ? [`${file.path}:${i + 1} ${line.trim()}`] : [],
        ),
      );
    expect(wrong).toEqual([]);
  });

  it('leaves nothing for later', () => {
    const marks =
      /\b(T[O]DO|F[I]XME|X[X]X)\b|@ts-ignore|@ts-nocheck|\bas any\b(?! \w)|\.only\(|\bit\.skip|describe\.skip/;
    const left = files
      .filter((file) => !file.path.startsWith('test/tidy/'))
      .flatMap((file) => file.lines.flatMap((line, i) => (marks.test(line) ? [`${file.path}:${i + 1}`] : [])));
    expect(left).toEqual([]);
  });

  it('has no file that nothing uses', () => {
    const used = new Set(typescriptFiles().flatMap(importsOf));
    const roots = /(^|\/)(main|start|run)\.ts$|\.test\.ts$|^test\/|-(worker|child)\.ts$|^libs\/api\/schema\/generate/;
    expect(sources.filter((file) => !roots.test(file.path) && !used.has(file.path)).map((file) => file.path)).toEqual(
      [],
    );
  });

  it('has no export that nothing uses', () => {
    const all = typescriptFiles();
    const words = new Map<string, number>();
    for (const file of all)
      for (const word of new Set(file.text.match(/\b[A-Za-z_]\w*\b/g))) words.set(word, (words.get(word) ?? 0) + 1);
    const dead = sources.flatMap((file) =>
      [...file.text.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)]
        .map((match) => match[1] ?? '')
        .filter(
          (name) => words.get(name) === 1 && (file.text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length === 1,
        )
        .map((name) => `${file.path}: ${name}`),
    );
    expect(dead).toEqual([]);
  });

  it('has a README in every room', () => {
    const rooms = [
      ...new Set(sources.filter((file) => file.path.startsWith('libs/')).map((file) => roomOf(file.path))),
    ];
    expect(rooms.filter((room) => !existsSync(join(root, 'libs', room, 'README.md')))).toEqual([]);
  });

  it('speaks of itself alone', () => {
    const texts = projectFiles(/\.(ts|mjs|json|md|ya?ml|sh|proto|service|tsv)$/);
    const words = /registry\.npmjs|\/work\/(main|shared|run|out|k8s|brief)|\bfarm-|localhost:4873/;
    expect(
      texts.filter((file) => words.test(file.text) && !file.path.startsWith('test/tidy/')).map((file) => file.path),
    ).toEqual([]);
  });

  it('documents commands that exist', () => {
    const scripts = Object.keys(JSON.parse(projectFiles(/^package\.json$/)[0]?.text ?? '{}').scripts ?? {});
    const documents = projectFiles(/\.md$/);
    const missing = documents.flatMap((file) =>
      [...file.text.matchAll(/\bnpm run ([\w:-]+)/g)]
        .filter((match) => !scripts.includes(match[1] ?? ''))
        .map((match) => `${file.path}: npm run ${match[1]}`),
    );
    expect(missing).toEqual([]);
  });
});
