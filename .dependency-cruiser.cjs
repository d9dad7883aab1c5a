/**
 * Who may import whom (docs/architecture.md). A rule that is broken here is a design question, not a lint question.
 */
const main = (folder) => `^src-main/${folder}/`
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }
    },
    {
      name: 'renderer-knows-only-the-contract',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-(main|preload)/', pathNot: '^src-preload/contract/' }
    },
    {
      name: 'main-never-renderer',
      severity: 'error',
      from: { path: '^src-main/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src-renderer/' }
    },
    {
      name: 'main-knows-only-the-contract-of-preload',
      severity: 'error',
      from: { path: '^src-main/' },
      to: { path: '^src-preload/', pathNot: '^src-preload/contract/' }
    },
    {
      name: 'contract-is-pure',
      severity: 'error',
      from: { path: '^src-preload/contract/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^src-preload/contract/', '^node_modules/zod/'] }
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: main('domain'), pathNot: '\\.test\\.ts$' },
      to: {
        pathNot: [
          main('domain'),
          '^src-preload/contract/(ids|units|vocabulary|metric-catalogue|alerts|alert-rules)\\.ts$'
        ]
      }
    },
    {
      // What a rule and an alert are is said once, in the contract; the domain takes the words, not the schemas.
      name: 'domain-knows-alerts-by-type-only',
      severity: 'error',
      from: { path: main('domain'), pathNot: '\\.test\\.ts$' },
      to: { path: '^src-preload/contract/(alerts|alert-rules)\\.ts$', dependencyTypesNot: ['type-only'] }
    },
    {
      name: 'rpc-knows-application',
      severity: 'error',
      from: { path: main('rpc'), pathNot: '\\.test\\.ts$' },
      to: { path: '^src-main/', pathNot: [main('rpc'), main('application')] }
    },
    {
      name: 'application-owns-its-interfaces',
      severity: 'error',
      from: { path: main('application'), pathNot: '\\.test\\.ts$' },
      to: { path: '^src-main/', pathNot: [main('application'), main('domain')] }
    },
    {
      name: 'outer-layers-know-types-only',
      severity: 'error',
      from: { path: '^src-main/(remote|storage|platform)/', pathNot: '\\.test\\.ts$' },
      to: { path: main('application'), dependencyTypesNot: ['type-only'] }
    },
    {
      name: 'outer-layers-apart',
      severity: 'error',
      from: { path: '^src-main/(remote|storage|platform|demo)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src-main/(entry|rpc)/' }
    },
    {
      name: 'remote-alone',
      severity: 'error',
      from: { path: main('remote'), pathNot: '\\.test\\.ts$' },
      to: { path: '^src-main/(storage|platform|demo)/' }
    },
    {
      name: 'storage-alone',
      severity: 'error',
      from: { path: main('storage'), pathNot: '\\.test\\.ts$' },
      to: { path: '^src-main/(remote|platform|demo)/' }
    },
    {
      name: 'features-by-their-index',
      severity: 'error',
      from: { path: '^src-renderer/features/([^/]+)/' },
      to: {
        path: '^src-renderer/features/([^/]+)/',
        pathNot: ['^src-renderer/features/$1/', '^src-renderer/features/[^/]+/index\\.ts$']
      }
    },
    {
      name: 'ui-without-store-or-rpc',
      severity: 'error',
      from: { path: '^src-renderer/(ui|format)/' },
      to: { path: '^src-renderer/(features|rpc|app)/' }
    },
    {
      name: 'owner-of-ssh2',
      severity: 'error',
      from: { path: '^src-', pathNot: ['^src-main/remote/ssh/', '^src-main/demo/', '\\.test\\.ts$'] },
      to: { path: 'node_modules/ssh2/' }
    },
    {
      name: 'owner-of-better-sqlite3',
      severity: 'error',
      from: { path: '^src-', pathNot: ['^src-main/storage/', '\\.test\\.ts$'] },
      to: { path: 'node_modules/better-sqlite3/' }
    },
    {
      name: 'owner-of-nodemailer',
      severity: 'error',
      from: { path: '^src-', pathNot: ['^src-main/remote/mail/', '\\.test\\.ts$'] },
      to: { path: 'node_modules/nodemailer/' }
    },
    {
      name: 'owners-of-electron',
      severity: 'error',
      from: {
        path: '^src-',
        pathNot: [
          '^src-main/entry/electron[^/]*\\.ts$',
          '^src-main/platform/',
          '^src-main/rpc/ports/electron\\.ts$',
          '^src-preload/',
          '\\.test\\.ts$'
        ]
      },
      to: { path: '(^|node_modules/)electron(/|$)' }
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: ['\\?(worker|url|raw|nodeWorker|modulePath)', '\\.css$'] }
    }
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.vue', '.js', '.mjs', '.cjs', '.json']
    }
  }
}
