// Owns the files of the page: read once, each with its type and a tag of its content.
// Must not serve anything that is not in the folder.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

export interface Asset {
  bytes: Uint8Array<ArrayBuffer>
  type: string
  etag: string
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

/** By file name. A file of a type that is not listed is a mistake of ours, so it throws. */
export async function readAssets(folder: URL): Promise<ReadonlyMap<string, Asset>> {
  const names = (await readdir(folder)).sort()
  const assets = new Map<string, Asset>()
  for (const name of names) {
    const type = types[extname(name)]
    if (type === undefined) throw new Error(`the dashboard has no type for ${name}`)
    const bytes = new Uint8Array(await readFile(new URL(name, folder)))
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    assets.set(name, { bytes, type, etag })
  }
  return assets
}
