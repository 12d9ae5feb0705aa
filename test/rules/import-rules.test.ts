// Owns the arrows of architecture.md section 1: who may import whom, that there is no circle, and the house rules a machine can see.
// Must not need a database: it reads the tree, and is part of `npm run check`.
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, readSources, type SourceFile, topLevel } from './source-tree.ts'

/**
 * From the first entry that a file's path begins with: what it may import besides its own folder and packages. A target is
 * allowed when it begins with one of the entries. `own` is how deep its own folder is.
 */
const arrows: readonly { from: string; own: number; may: readonly string[]; packages?: 'none' | 'any' }[] = [
  { from: 'core/domain/', own: 2, may: [] },
  { from: 'core/plugin/', own: 2, may: ['core/domain/'] },
  { from: 'core/services/', own: 2, may: ['core/domain/', 'core/store/'] },
  { from: 'core/store/', own: 2, may: ['core/domain/'] },
  { from: 'core/events/', own: 2, may: ['core/domain/', 'core/store/'] },
  { from: 'core/webhooks/', own: 2, may: ['core/domain/', 'core/store/', 'core/events/'] },
  { from: 'core/bus/', own: 2, may: ['core/domain/'] },
  { from: 'core/host/', own: 2, may: ['core/domain/', 'core/plugin/', 'core/store/', 'core/events/'] },
  // The API serves services, the host and webhooks; it names domain types, and openapi/ is its own contract.
  { from: 'core/http/', own: 2, may: ['core/domain/', 'core/services/', 'core/host/', 'core/webhooks/', 'openapi/'] },
  { from: 'core/testing/', own: 2, may: ['core/plugin/'] },
  { from: 'core/runtime/', own: 2, may: ['core/', 'adapters/', 'plugins/', 'openapi/', 'migrations/'] },
  { from: 'adapters/', own: 2, may: ['core/plugin/index.ts'] },
  { from: 'plugins/', own: 2, may: ['core/plugin/index.ts'] },
  { from: 'migrations/', own: 1, may: [] },
  // Tools that bundle the document and write generated files; run by npm scripts, never part of the hub.
  { from: 'openapi/', own: 1, may: ['core/store/', 'core/runtime/', 'core/domain/', 'migrations/'] },
  { from: 'test/', own: 1, may: ['core/', 'adapters/', 'plugins/', 'openapi/', 'migrations/', 'vitest.config.ts'] },
]

/** Single arrows outside the table, each with its reason. */
const extraArrows: Readonly<Record<string, readonly string[]>> = {
  // Checks the document with the very code that will serve it.
  'openapi/check.ts': ['core/http/'],
}

const folders = ['core', 'adapters', 'plugins', 'migrations', 'openapi', 'test']
const sources = readSources(folders)
const shipped = sources.filter(({ path }) => !path.startsWith('test/'))
const paths = new Set(sources.map(({ path }) => path))

function at(file: SourceFile, line: number): string {
  return `${file.path}:${line}`
}

/** Lines of code (comments blanked) that match; `stays` says which files are allowed to. */
function uses(pattern: RegExp, files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.code
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${at(file, index + 1)} ${line.trim()}`] : [])),
  )
}

describe('imports', () => {
  test('follow the table', () => {
    const wrong = sources.flatMap((file) => {
      const rule = arrows.find(({ from }) => file.path.startsWith(from))
      if (!rule) return [`${file.path} is in no part of the tree that the table knows`]
      const own = `${file.path.split('/').slice(0, rule.own).join('/')}/`
      const allowed = [own, ...rule.may, ...(extraArrows[file.path] ?? [])]
      return file.imports.flatMap(({ target, line }) =>
        target === null || allowed.some((each) => target.startsWith(each)) ? [] : [`${at(file, line)} → ${target}`],
      )
    })
    expect(wrong).toEqual([])
  })

  test('name files that exist, with their extension', () => {
    const wrong = sources.flatMap((file) =>
      file.imports.flatMap(({ target, line }) =>
        target === null || paths.has(target) || /\.(json|d\.ts)$/.test(target) || target === 'vitest.config.ts'
          ? []
          : [`${at(file, line)} → ${target}`],
      ),
    )
    expect(wrong).toEqual([])
  })

  test('the domain takes no I/O from node', () => {
    const wrong = sources
      .filter(({ path }) => path.startsWith('core/domain/'))
      .flatMap((file) =>
        file.imports.flatMap(({ specifier, typeOnly, line }) =>
          specifier.startsWith('node:') && !typeOnly ? [`${at(file, line)} → ${specifier}`] : [],
        ),
      )
    expect(wrong).toEqual([])
  })

  test('nothing that ships imports a development tool', () => {
    const tools = /^(vitest|fast-check|knip|playwright-core|openapi-typescript|@biomejs\/)/
    const wrong = shipped
      .filter(({ path }) => !path.startsWith('openapi/'))
      .flatMap((file) =>
        file.imports.flatMap(({ specifier, line }) =>
          tools.test(specifier) ? [`${at(file, line)} → ${specifier}`] : [],
        ),
      )
    expect(wrong).toEqual([])
  })

  test('have no circle', () => {
    expect(circles(shipped)).toEqual([])
  })

  test('SQL is written in core/store and migrations only', () => {
    const wrong = shipped
      .filter(({ path }) => !/^(core\/store|migrations)\//.test(path) && !rawSql[path])
      .flatMap((file) =>
        file.imports.flatMap(({ specifier, typeOnly, names, line }) => {
          if (specifier === 'kysely' && !typeOnly && names.some((name) => name === 'sql' || name === '*'))
            return [`${at(file, line)} takes sql from kysely`]
          if (specifier === 'pg' && !typeOnly && !file.path.startsWith('core/runtime/'))
            return [`${at(file, line)} takes a value from pg`]
          return []
        }),
      )
    expect(wrong).toEqual([])
  })
})

/** Files outside core/store and migrations that write SQL by hand, each with its reason. */
const rawSql: Readonly<Record<string, string>> = {
  'openapi/generate.ts': 'opens a throw-away database, whose migrated tables it renders as types',
}

describe('time and chance', () => {
  // core/runtime is where both are injected from; the demo's and the tests' own machinery plays the outside world.
  const free = /^(core\/runtime|plugins\/demo|test|openapi)\//
  const bound = sources.filter(({ path }) => !free.test(path))

  test('are injected', () => {
    expect(uses(/\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b/, bound)).toEqual([])
  })
})

describe('names', () => {
  const everything = folders.flatMap((folder) => filesBelow(folder))

  test('are kebab-case', () => {
    const foreign =
      /^(test\/fixtures|plugins\/demo\/data)\/|^adapters\/ocpp\/profiles\/|(^|\/)(NOTICE|README\.md|LICENSE)$/
    const wrong = everything.filter((path) => {
      if (foreign.test(path)) return false
      return !path.split('/').every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part))
    })
    expect(wrong).toEqual([])
  })

  test('say what a thing is', () => {
    const empty = /(^|[-/.])(utils?|helpers?|common|managers?|misc)([-/.]|$)/
    // The schemas that all families of the document refer to; a reader of OpenAPI looks for that word.
    const reasoned = new Set(['openapi/schemas/common.yaml'])
    expect(everything.filter((path) => empty.test(path) && !reasoned.has(path))).toEqual([])
  })

  test('of the top level are the ones the architecture names', () => {
    const allowed = new Set([
      '.ci',
      '.git',
      '.gitignore',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'adapters',
      'biome.json',
      'core',
      'knip.json',
      'migrations',
      'openapi',
      'package-lock.json',
      'package.json',
      'plugins',
      'test',
      'tsconfig.build.json',
      'tsconfig.json',
      'vitest.config.ts',
    ])
    // What .gitignore keeps out of the repository.
    const local = /^(node_modules|dist|data|coverage|\.DS_Store|.*\.log)$/
    expect(topLevel().filter((name) => !allowed.has(name) && !local.test(name))).toEqual([])
  })

  test('of the parts of the core are the ones the architecture names', () => {
    const parts = new Set(
      filesBelow('core').map((path) => (path.split('/').length > 2 ? path.split('/')[1] : `core/${path}`)),
    )
    const allowed = [
      'bus',
      'domain',
      'events',
      'host',
      'http',
      'plugin',
      'runtime',
      'services',
      'store',
      'testing',
      'webhooks',
    ]
    expect([...parts].filter((part) => part === undefined || !allowed.includes(part))).toEqual([])
  })
})

describe('files', () => {
  test('open by saying what they own, and the shipped ones what they must not do', () => {
    const wrong = sources.flatMap(({ path, text }) => {
      const [first = '', second = ''] = text.replace(/^#!.*\n/, '').split('\n')
      if (!first.startsWith('// Owns ')) return [`${path} does not begin with "// Owns …"`]
      if (path.startsWith('test/')) return []
      // The first sentence may take two lines.
      return second.startsWith('// ') && /^\/\/ .*\bMust (not|never)\b/m.test(text.split('\n').slice(0, 4).join('\n'))
        ? []
        : [`${path} does not say what it must not do`]
    })
    expect(wrong).toEqual([])
  })
})

/** Every circle once, as the path round it. Types count: a circle of types is a design that nobody can read from one end. */
function circles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.flatMap(({ target }) => (target !== null && paths.has(target) ? [target] : [])),
    ]),
  )
  const found = new Set<string>()
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const visit = (path: string): void => {
    state.set(path, 'open')
    trail.push(path)
    for (const next of edges.get(path) ?? []) {
      if (state.get(next) === 'open') found.add([...trail.slice(trail.indexOf(next)), next].join(' → '))
      else if (!state.has(next)) visit(next)
    }
    trail.pop()
    state.set(path, 'done')
  }
  for (const { path } of files) if (!state.has(path)) visit(path)
  return [...found]
}

describe('the checks above', () => {
  test('see something', () => {
    expect(sources.length).toBeGreaterThan(50)
    expect(shipped.flatMap(({ imports }) => imports).length).toBeGreaterThan(100)
    expect(new Set(shipped.map(({ path }) => dirname(path))).size).toBeGreaterThan(5)
  })

  test('find a circle, a clock and a comment that only looks like one', () => {
    const file = (path: string, ...targets: string[]): SourceFile => ({
      path,
      text: '',
      code: 'const a = 1',
      imports: targets.map((target) => ({ specifier: target, line: 1, target, typeOnly: true, names: [] })),
    })
    const [one = '', two = ''] = [...paths]
    expect(circles([file(one, two), file(two, one)])).toEqual([`${one} → ${two} → ${one}`])
    const self = sources.find(({ path }) => path === 'core/runtime/random.ts')
    expect(self && uses(/\bDate\.now\b/, [self]).length).toBe(1)
    const own = sources.find(({ path }) => path === 'test/rules/import-rules.test.ts')
    expect(own?.code.split('\n')[0]?.trim()).toBe('')
    expect(own?.code).toContain("'// Owns '")
  })
})
