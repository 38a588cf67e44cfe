/**
 * Imports point down only: one rule a layer.
 *
 * Type-only imports count like any other (`tsPreCompilationDeps`): a layer that knows the types of the one
 * above it is tied to it just as much. Three places ask for types alone, because there the type is the point
 * and the value would be the harm: the configuration (read once, handed down), what server/lan tells the
 * routes, and the schemas, whose validator is too heavy for a page.
 */
const folder = (name) => `^server/${name}/`
const NPM = 'node_modules'

const CONFIG = '^server/config[.]ts$'

/** Of the project's own files a layer may import itself, the configuration's type and `allowed`. */
const layer = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(server|web|tests)/', pathNot: [from, CONFIG, ...allowed] },
})

/** As `to` of a rule: everything but type-only imports. */
const atRuntime = { dependencyTypesNot: ['type-only'] }

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other are one file or three; type-only cycles are no better to read.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere would escape every other rule.',
      severity: 'error',
      from: {},
      // A file that is wanted by its URL is resolved by the build, which fails where there is none.
      to: { couldNotResolve: true, pathNot: '\\?url$' },
    },
    {
      name: 'protocol-is-alone',
      comment: 'The pages import server/protocol too: typebox is all it may know.',
      severity: 'error',
      from: { path: folder('protocol') },
      to: { pathNot: [folder('protocol'), `${NPM}/typebox/`] },
    },
    layer('redis-knows-protocol', folder('redis'), [folder('protocol')], 'How Redis is reached.'),
    layer(
      'store-knows-protocol-and-redis',
      folder('store'),
      [folder('protocol'), folder('redis')],
      'What instances share.',
    ),
    layer(
      'bus-knows-protocol-and-redis',
      folder('bus'),
      [folder('protocol'), folder('redis')],
      'What instances tell each other.',
    ),
    layer(
      'domain-knows-protocol-and-store',
      folder('domain'),
      [folder('protocol'), '^server/store/store[.]ts$'],
      'The rules of rooms, sessions and pairing, over the interface of the store and no backend.',
    ),
    {
      name: 'domain-has-no-transport',
      comment: 'No sockets and no web framework: whoever calls it brings those.',
      severity: 'error',
      from: { path: folder('domain') },
      to: { path: [`${NPM}/(@fastify/|fastify|ws/)`, '^(node:)?(http|https|http2|tls|dgram)$'] },
    },
    layer(
      'realtime-knows-domain-protocol-and-bus',
      folder('realtime'),
      [folder('domain'), folder('protocol'), '^server/bus/bus[.]ts$'],
      'Sockets and rooms; the store is reached through the domain.',
    ),
    layer(
      'lan-knows-protocol',
      folder('lan'),
      [folder('protocol')],
      'Certificates and addresses of this machine.',
    ),
    layer(
      'http-knows-realtime-domain-and-protocol',
      folder('http'),
      [folder('realtime'), folder('domain'), folder('protocol'), folder('lan')],
      'Routes and plugins.',
    ),
    {
      name: 'http-takes-lan-as-types',
      comment: 'app.ts hands the LAN in, so that routes run without certificates and network cards.',
      severity: 'error',
      from: { path: folder('http') },
      to: { path: folder('lan'), ...atRuntime },
    },
    layer(
      'app-composes',
      '^server/app[.]ts$',
      [
        ...['http', 'realtime', 'domain', 'lan', 'protocol'].map(folder),
        '^server/(bus/bus|store/store)[.]ts$',
      ],
      'The composition root takes store and bus by their interfaces.',
    ),
    layer(
      'main-starts',
      '^server/main[.]ts$',
      [
        folder('protocol'),
        folder('lan'),
        '^server/(app|logger)[.]ts$',
        '^server/[a-z]+/index[.]ts$',
        '^server/http/(plugins/pages|services)[.]ts$',
        '^server/domain/clock[.]ts$',
      ],
      'The process picks backends through their index.ts, the pages and the LAN, and hands them to the app.',
    ),
    {
      name: 'main-is-the-only-one-to-start',
      comment: 'What the process is made of is not to be reached from inside.',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/(main[.]ts|dev/)' },
      to: { path: '^server/(main|app|logger)[.]ts$' },
    },
    {
      name: 'config-is-handed-down',
      comment: 'Only the process, the composition root and the dev server read it; the rest knows its type.',
      severity: 'error',
      from: { path: '^server/', pathNot: '^server/(main[.]ts|app[.]ts|config[.]ts|dev/)' },
      to: { path: CONFIG, ...atRuntime },
    },
    {
      name: 'backends-are-named-in-one-place',
      comment: 'Which backend runs is decided in index.ts; nobody else may know that there are several.',
      severity: 'error',
      from: { path: '^(server|web)/', pathNot: '^server/(redis|store|bus)/' },
      to: {
        path: [
          '^server/redis/',
          '^server/(store|bus)/(?!index[.]ts|store[.]ts|bus[.]ts)',
          `${NPM}/@(upstash|redis)/`,
        ],
      },
    },
    {
      name: 'nobody-imports-tools',
      comment: 'What serves building, checking and testing is not part of what runs.',
      severity: 'error',
      from: { path: '^(server|web)/', pathNot: folder('dev') },
      to: { path: ['^server/dev/', '^tests/'] },
    },
    {
      name: 'server-runs-without-dev-dependencies',
      comment: 'A production install has dependencies alone (types are gone by then).',
      severity: 'error',
      from: { path: '^server/', pathNot: folder('dev') },
      to: { dependencyTypes: ['npm-dev'], pathNot: `${NPM}/@types/` },
    },
    {
      name: 'web-knows-protocol',
      comment: 'The pages and the server meet on the wire.',
      severity: 'error',
      from: { path: '^web/', pathNot: '^web/vite[.]config[.]ts$' },
      to: { path: '^(server|tests)/', pathNot: folder('protocol') },
    },
    {
      name: 'web-runs-in-a-browser',
      comment: 'Builtins of Node would be bundled as empty modules.',
      severity: 'error',
      from: { path: '^web/', pathNot: '^web/vite[.]config[.]ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'web-takes-schemas-as-types',
      comment:
        'The schemas bring a validator of 33 kB gzipped into the page; constants stand in the other files.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: ['^server/protocol/(api|messages|models)[.]ts$', `${NPM}/typebox/`], ...atRuntime },
    },
  ],
  options: {
    doNotFollow: { path: NPM },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['import', 'types', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
}
