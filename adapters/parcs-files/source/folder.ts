// Owns a folder of this machine as a place with files.
// Must not open a folder that the machine's owner has not given to this connection, nor follow a link out of it.
import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, realpath, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigInvalid, NotReady } from '../../../core/plugin/index.ts'
import { archiveFolder, type FileSource, type FoundFile, freeName, isPlainName, mostFiles } from './file-source.ts'

/** A file that only somebody with access to the machine can put there; it lists the connections that may use the folder. */
export const consentFile = '.baywatt-drop'

/** `connectionId` null asks only whether the folder was given to anybody. */
export async function folderSource(path: string, connectionId: string | null): Promise<FileSource> {
  const root = await realpath(path).catch(() => {
    throw new NotReady(`There is no folder ${path} on the hub's machine.`)
  })
  const given = await readFile(join(root, consentFile), 'utf8').catch(() => null)
  if (given === null)
    throw new ConfigInvalid(
      '/folder',
      `The folder is not given to Baywatt: put a file ${consentFile} with this connection's id into it.`,
    )
  const ids = given.split(/\s+/)
  if (connectionId !== null && !ids.includes(connectionId))
    throw new ConfigInvalid(
      '/folder',
      `The file ${consentFile} in the folder does not list this connection: ${connectionId}.`,
    )

  const below = async (folder: string): Promise<string> => {
    if (folder === '') return root
    if (!isPlainName(folder)) throw new ConfigInvalid('/out/folder', 'is no plain name of a folder')
    const at = join(root, folder)
    await mkdir(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    if (!(await lstat(at)).isDirectory()) throw new NotReady(`${folder} is no folder.`)
    return at
  }
  const stat = (at: string): Promise<Stats | null> => lstat(at).catch(() => null)

  return {
    async list() {
      const found: FoundFile[] = []
      for (const name of (await readdir(root)).slice(0, mostFiles)) {
        if (!isPlainName(name)) continue
        const one = await stat(join(root, name))
        if (one?.isFile()) found.push({ name, size: one.size, modified: String(one.mtimeMs) })
      }
      return found
    },
    async *read(name) {
      const file = await open(join(root, name), constants.O_RDONLY | constants.O_NOFOLLOW)
      try {
        for await (const chunk of file.createReadStream({ highWaterMark: 256 * 1024, autoClose: false })) yield chunk
      } finally {
        await file.close()
      }
    },
    async putAside(name) {
      const archive = await below(archiveFolder)
      for (let n = 0; n < 10_000; n++) {
        const to = join(archive, freeName(name, n))
        if ((await stat(to)) !== null) continue
        await rename(join(root, name), to)
        return
      }
    },
    async write(folder, name, bytes) {
      const at = await below(folder)
      const draft = join(at, `.${name}.tmp`)
      const file = await open(draft, 'w', 0o644)
      try {
        await file.writeFile(bytes)
        // Named only once it is on the disk: after a power cut there is the whole file or none.
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, join(at, name))
    },
    async peek(folder, name) {
      const file = await open(join(await below(folder), name), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
        () => null,
      )
      if (!file) return null
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(4_096), 0, 4_096, 0)
        return buffer.subarray(0, bytesRead)
      } finally {
        await file.close()
      }
    },
    async close() {},
  }
}
