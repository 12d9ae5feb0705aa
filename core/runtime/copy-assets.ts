// Owns the last step of `npm run build`: files that are read at run time and are no TypeScript go beside the compiled code.
// Must not be part of the running hub.
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const compiled = new Set(['.ts', '.tsx', '.map'])

function copy(folder: string): number {
  let copied = 0
  for (const name of readdirSync(join(root, folder))) {
    const path = join(folder, name)
    if (statSync(join(root, path)).isDirectory()) copied += copy(path)
    else if (!compiled.has(extname(name)) && extname(name) !== '.md') {
      cpSync(join(root, path), join(root, 'dist', path), { force: true })
      copied += 1
    }
  }
  return copied
}

if (!existsSync(join(root, 'dist'))) throw new Error('run tsc first: there is no dist folder')
const copied = ['adapters', 'plugins', 'openapi'].reduce((sum, folder) => sum + copy(folder), 0)
console.log(`${copied} files copied to dist`)
