// Owns the conformance table: which message of which version and direction is tested where, read from the tests' source.
// Must not run a test. `node --import tsx test/conformance/scan.ts` writes the page.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { allVersions } from '../setup/ocpp-versions.ts'
import { type Message, messages } from './messages.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const pagePath = join(root, 'adapters/ocpp/conformance.md')

export interface Coverage {
  version: string
  action: string
  direction: string
  officialCase: string | null
  /** Path of the test file from the root. */
  file: string
  /** Names of the describe blocks around it. */
  within: string
}

function testFiles(): string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(root, 'test', name))
    .sort()
}

const textOf = (node: ts.Node | undefined): string | null =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : null

const textsOf = (node: ts.Node | undefined): string[] | null => {
  if (node === undefined || !ts.isArrayLiteralExpression(node)) return null
  const texts = node.elements.map(textOf)
  return texts.every((text) => text !== null) ? texts : null
}

type Claim = Omit<Coverage, 'file' | 'within'>

/** What one call of `covers` claims; null when an argument is no literal. */
function claimOf([first, second, third, fourth]: readonly ts.Expression[]): Claim[] | null {
  const [version, action, direction, officialCase] = [textOf(first), textOf(second), textOf(third), textOf(fourth)]
  if (version === null || action === null || direction === null) return null
  if (fourth !== undefined && officialCase === null) return null
  return [{ version, action, direction, officialCase }]
}

/** What one call of `coversAll` claims; null when an argument is no literal. */
function claimsOf([first, second, third]: readonly ts.Expression[]): Claim[] | null {
  const [versions, direction] = [textsOf(first), textOf(second)]
  if (versions === null || direction === null || third === undefined || !ts.isObjectLiteralExpression(third))
    return null
  const claims: Claim[] = []
  for (const property of third.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) return null
    const cases = textsOf(property.initializer)
    if (cases === null) return null
    const action = property.name.text
    for (const version of versions)
      for (const officialCase of cases.length === 0 ? [null] : cases)
        claims.push({ version, action, direction, officialCase })
  }
  return claims
}

const readers: ReadonlyMap<string, (args: readonly ts.Expression[]) => Claim[] | null> = new Map([
  ['covers', claimOf],
  ['coversAll', claimsOf],
])

/** @throws when a call has an argument that is no literal, so that nothing is missed silently */
function coverageOf(file: string): Coverage[] {
  const text = readFileSync(file, 'utf8')
  if (!/\bcovers(All)?\(/.test(text)) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const path = relative(root, file)
  const found: Coverage[] = []
  const visit = (node: ts.Node, within: readonly string[]) => {
    let inner = within
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText(source)
      const read = readers.get(callee)
      if (read !== undefined) {
        const claims = read(node.arguments)
        const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
        if (claims === null) throw new Error(`${path}:${line}: ${callee}() takes literals only`)
        found.push(...claims.map((claim) => ({ ...claim, file: path, within: within.join(' › ') })))
      }
      const title = textOf(node.arguments[0])
      if (/^describe\b/.test(callee) && title !== null) inner = [...within, title]
    }
    ts.forEachChild(node, (child) => visit(child, inner))
  }
  visit(source, [])
  return found
}

export const readCoverage = (): Coverage[] => testFiles().flatMap(coverageOf)

const keyOf = ({ version, action, direction }: { version: string; action: string; direction: string }) =>
  `${version} ${direction} ${action}`

/** What is claimed for messages that no version has. */
export function strangers(coverage: readonly Coverage[]): string[] {
  const known = new Set(messages.map(keyOf))
  return coverage.filter((one) => !known.has(keyOf(one))).map((one) => `${one.file}: ${keyOf(one)}`)
}

export function renderPage(coverage: readonly Coverage[]): string {
  const byMessage = new Map<string, Coverage[]>()
  for (const one of coverage) byMessage.set(keyOf(one), [...(byMessage.get(keyOf(one)) ?? []), one])
  const rows = (version: string) =>
    messages
      .filter((one) => one.version === version)
      .map((message: Message) => {
        const tests = byMessage.get(keyOf(message)) ?? []
        const cases = [...new Set(tests.flatMap((one) => one.officialCase ?? []))].sort()
        const files = [...new Set(tests.map((one) => one.file))].sort()
        const link = (file: string) => `[${file.replace(/^test\//, '').replace(/\.test\.ts$/, '')}](../../${file})`
        const arrow = message.direction === 'in' ? 'station → hub' : 'hub → station'
        return `| ${message.action} | ${arrow} | ${files.map(link).join(', ') || '–'} | ${cases.join(', ') || '–'} |`
      })
  const count = (version: string) => {
    const own = messages.filter((one) => one.version === version)
    return `${own.filter((one) => byMessage.has(keyOf(one))).length} of ${own.length}`
  }
  return [
    '# OCPP conformance',
    '',
    'Every message of every version, in each direction, and the tests of this tree that cover it. This page is generated from the',
    'tests (`npm run gen:conformance`): a test says what it covers with `covers` or `coversAll` of test/conformance. Numbers are those of',
    "the Open Charge Alliance's test cases for central systems (OCTT) that the test follows; they are no certification.",
    '',
    '| version | messages tested |',
    '|---|---|',
    ...allVersions.map((version) => `| ${version} | ${count(version)} |`),
    ...allVersions.flatMap((version) => [
      '',
      `## ${version}`,
      '',
      '| message | direction | tests | official cases |',
      '|---|---|---|---|',
      ...rows(version),
    ]),
    '',
  ].join('\n')
}

/** The page names its tests relative to itself. */
const here = fileURLToPath(import.meta.url)
if (process.argv[1] !== undefined && join(dirname(process.argv[1]), 'scan.ts') === here) {
  writeFileSync(pagePath, renderPage(readCoverage()))
}
