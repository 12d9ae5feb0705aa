// Owns reading the source tree for the rule tests: which files there are, what they say, what they import.
// Must not hold a rule; the tests beside it do.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Import {
  specifier: string
  line: number
  /** Path from the root for a relative import; null for a package or a `node:` module. */
  target: string | null
  /** Erased by the compiler. */
  typeOnly: boolean
  /** What is taken from it; `*` for everything. */
  names: readonly string[]
}

export interface SourceFile {
  /** From the root, with forward slashes. */
  path: string
  text: string
  /** The same with the content of comments blanked, lines kept. */
  code: string
  imports: readonly Import[]
}

export function topLevel(): string[] {
  return readdirSync(root)
}

/** Folders and files below a folder, without what tools put there. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => normalize(join(entry.parentPath, entry.name)).slice(root.length).replaceAll('\\', '/'))
    .filter((path) => !path.split('/').includes('node_modules'))
    .sort()
}

export function readSources(folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map(readSource)
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
  return { path, text, code: withoutComments(parsed), imports: importsOf(parsed, path) }
}

function importsOf(file: ts.SourceFile, path: string): Import[] {
  const found: Import[] = []
  const add = (node: ts.Node, specifier: string, typeOnly: boolean, names: readonly string[]) =>
    found.push({
      specifier,
      line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
      target: specifier.startsWith('.') ? normalize(join(dirname(path), specifier)).replaceAll('\\', '/') : null,
      typeOnly,
      names,
    })
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause
      const bindings = clause?.namedBindings
      const elements = bindings && ts.isNamedImports(bindings) ? bindings.elements : undefined
      const typeOnly =
        clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
        (elements !== undefined && !clause?.name && elements.length > 0 && elements.every((each) => each.isTypeOnly))
      const names = elements?.filter((each) => !each.isTypeOnly).map((each) => (each.propertyName ?? each.name).text)
      add(node, node.moduleSpecifier.text, typeOnly, names ?? ['*'])
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, node.isTypeOnly, ['*'])
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [first] = node.arguments
      if (first && ts.isStringLiteral(first)) add(node, first.text, false, ['*'])
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node, node.argument.literal.text, true, ['*'])
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** Comments are found by the compiler's own scanner, so that a `//` inside a string or pattern stays code. */
function withoutComments(file: ts.SourceFile): string {
  const { text } = file
  let code = ''
  let kept = 0
  const blank = (range: ts.CommentRange) => {
    if (range.pos < kept) return
    code += text.slice(kept, range.pos) + text.slice(range.pos, range.end).replaceAll(/[^\n]/g, ' ')
    kept = range.end
  }
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) blank(range)
    ts.forEachChild(node, visit)
    for (const range of ts.getTrailingCommentRanges(text, node.getEnd()) ?? []) blank(range)
  }
  visit(file)
  return code + text.slice(kept)
}
