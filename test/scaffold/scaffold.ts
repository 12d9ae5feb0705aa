// Owns the command that makes a plugin package for a parking vendor outside the tree: `npm run scaffold:parcs`.
// Must not write over anything.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const usage = `npm run scaffold:parcs -- --name acme-parking --out DIR [--title "Acme Parking"] [--link]

--name   kebab-case; the plugin's id and the package's name
--out    a folder that does not exist yet, or is empty
--title  what operators read; made from the name when left out
--link   takes the hub and the tools from this checkout instead of from a registry: "npm test" works at once`

const root = fileURLToPath(new URL('../../', import.meta.url))
const template = fileURLToPath(new URL('./template/', import.meta.url))
/** Names that a package manager or an editor would take for its own inside this tree. */
const renamed: Readonly<Record<string, string>> = {
  'package.template.json': 'package.json',
  'tsconfig.template.json': 'tsconfig.json',
  'readme.template.md': 'README.md',
}
/** What the scripts of the made package need. */
const linked = ['tsx', 'typescript', '@types/node']

function run(): string {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: { name: text, out: text, title: text, link: { type: 'boolean', default: false } },
  })
  const { name = '', out = '' } = values
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40)
    throw new Error(`--name has to be kebab-case, such as acme-parking.\n\n${usage}`)
  if (out === '') throw new Error(`--out says where the package goes.\n\n${usage}`)
  const target = resolve(out)
  if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0))
    throw new Error(`${out} is there already and not empty; nothing was written.`)
  const title =
    values.title ??
    name
      .split('-')
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join(' ')
  if (!/^[\p{L}\p{N} .&()+-]{1,60}$/u.test(title)) throw new Error('--title is up to 60 letters, digits and blanks.')
  for (const path of filesBelow(template)) {
    const folder = dirname(relative(template, path))
    const file = relative(join(template, folder), path)
    const written = readFileSync(path, 'utf8').replaceAll('acme-parking', name).replaceAll('Acme Parking', title)
    mkdirSync(join(target, folder), { recursive: true })
    writeFileSync(join(target, folder, renamed[file] ?? file), written, { flag: 'wx' })
  }
  if (values.link) {
    const modules = join(target, 'node_modules')
    for (const each of linked) {
      mkdirSync(dirname(join(modules, each)), { recursive: true })
      symlinkSync(join(root, 'node_modules', each), join(modules, each))
    }
    symlinkSync(resolve(root), join(modules, 'baywatt'))
  }
  return `${title} lies in ${out}. Next: cd ${out}${values.link ? '' : ', npm install'}, npm test; then begin in src/read-record.ts.`
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

try {
  console.log(run())
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
