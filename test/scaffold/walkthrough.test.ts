// Owns the proof of the way from scaffold to passing contract tests, as adapters/README.md walks it, step by step in another folder.
// Must not take a step that the page does not name.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(root, 'adapters/README.md'), 'utf8')
const place = mkdtempSync(join(tmpdir(), 'baywatt-scaffold-'))
const out = join(place, 'ferry-wharf')
afterAll(() => rmSync(place, { recursive: true, force: true }))

const run = (command: string, args: readonly string[], cwd: string) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  return { status, text: stdout + stderr }
}
const scaffold = (...args: string[]) =>
  run(process.execPath, ['--import', 'tsx', 'test/scaffold/scaffold.ts', ...args], root)
const contract = () => run(process.execPath, ['--import', 'tsx', '--test', 'test/contract.ts'], out)
/** A command of the page, so that neither changes without the other. */
const onPage = (line: string) => expect(page).toContain(line)

test('a scaffolded plugin passes its contract tests as it is', () => {
  onPage('npm run scaffold:parcs -- --name ferry-wharf --out ../ferry-wharf --link')
  expect(scaffold('--name', 'ferry-wharf', '--out', out, '--link')).toMatchObject({ status: 0 })
  expect(readdirSync(out).sort()).toEqual([
    'README.md',
    'node_modules',
    'package.json',
    'sim',
    'src',
    'test',
    'tsconfig.json',
  ])
  expect(readFileSync(join(out, 'src/index.ts'), 'utf8')).toContain("id: 'ferry-wharf'")
  const { status, text } = contract()
  expect(text).toMatch(/# fail 0/)
  expect(status).toBe(0)
  const types = run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit'], out)
  expect(types).toEqual({ status: 0, text: '' })
}, 240_000)

test('the made-up vendor of the walk passes them, too', () => {
  onPage('cp -r ../baywatt/test/scaffold/walkthrough/. .')
  cpSync(join(root, 'test/scaffold/walkthrough'), out, { recursive: true })
  const { status, text } = contract()
  expect(text).toMatch(/# fail 0/)
  expect(text).toContain('survives: another sum')
  expect(status).toBe(0)
}, 240_000)

const feed = 'src/feed.ts'
test.each([
  [
    'confirms before it has stored',
    feed,
    'if (facts.length > 0) await sink.record(facts)',
    'void sink.record(facts).catch(() => undefined)',
    /Nothing may be acknowledged that is not stored: await sink\.record\(\) before the vendor is answered\./,
  ],
  [
    'makes up its own revisions',
    'src/read-record.ts',
    'revision: Number(version)',
    'revision: Number(version) + sequence',
    /has to reach the sink as it was told: mend the translation\./,
  ],
  [
    'stores what the sum says is broken',
    'src/frames.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of the plugin's own code
    'if (tail !== `*${sumOf(payload)},`)',
    "if (tail[0] !== '*')",
    /Nothing of it may be stored: another sum\. Refuse what does not fit, and say where\./,
  ],
  [
    'does not declare its secret',
    'src/index.ts',
    "permissions: ['secret:vendor', ",
    'permissions: [',
    /the plugin ferry-wharf does not declare the permission secret:vendor/,
  ],
])(
  'a plugin that %s is told what to do',
  (_, file, right, wrong, advice) => {
    const path = join(out, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(right)
    writeFileSync(path, text.replace(right, wrong))
    try {
      const broken = contract()
      expect(broken.status).not.toBe(0)
      expect(broken.text).toMatch(advice)
    } finally {
      writeFileSync(path, text)
    }
  },
  240_000,
)

test('the scaffold writes over nothing and says what it needs', () => {
  expect(scaffold('--name', 'ferry-wharf', '--out', out)).toMatchObject({
    status: 2,
    text: expect.stringContaining('nothing was written'),
  })
  expect(scaffold('--name', '../Evil', '--out', join(place, 'x'))).toMatchObject({
    status: 2,
    text: expect.stringContaining('kebab-case'),
  })
  expect(scaffold('--name', 'fine')).toMatchObject({ status: 2, text: expect.stringContaining('--out') })
  expect(existsSync(join(place, 'x'))).toBe(false)
}, 120_000)
