// Owns a folder of an SFTP server as a place with files; the server is known by its key and by nothing else.
// Must not log in before the key is the one that was entered, nor believe a name or a size the server tells.
import { createHash } from 'node:crypto'
import { Client, type SFTPWrapper } from 'ssh2'
import { AuthFailed, ConfigInvalid, NotReady } from '../../../core/plugin/index.ts'
import { archiveFolder, type FileSource, type FoundFile, freeName, isPlainName, mostFiles } from './file-source.ts'

export interface SftpLogin {
  host: string
  port: number
  user: string
  /** As OpenSSH prints it: SHA256 and base64 without the padding. */
  hostKey: string
  folder: string
  password?: string
  privateKey?: string
}

export const fingerprintOf = (key: Buffer) =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

export async function sftpSource(login: SftpLogin, signal: AbortSignal): Promise<FileSource> {
  const client = new Client()
  const sftp = await opened(client, login, signal)
  const root = login.folder.replace(/\/+$/, '') || '.'
  const at = (...names: string[]) => [root, ...names.filter((name) => name !== '')].join('/')
  const call = <T>(
    what: string,
    run: (done: (error: Error | null | undefined, value?: T) => void) => void,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const gone = () => reject(new NotReady(`${what}: the SFTP server hung up.`))
      client.once('close', gone)
      run((error, value) => {
        client.off('close', gone)
        if (error) reject(new NotReady(`${what}: ${error.message}`, error))
        else resolve(value as T)
      })
    })
  const has = (path: string) =>
    call<boolean>('Looking for a file', (done) => sftp.lstat(path, (error) => done(null, !error)))
  const folderAt = async (folder: string) => {
    if (folder !== '' && !isPlainName(folder)) throw new ConfigInvalid('/out/folder', 'is no plain name of a folder')
    if (folder !== '' && !(await has(at(folder)))) await call('Making a folder', (done) => sftp.mkdir(at(folder), done))
  }

  return {
    async list() {
      const entries = await call<Parameters<Parameters<SFTPWrapper['readdir']>[1]>[1]>('Listing the folder', (done) =>
        sftp.readdir(root, done),
      )
      return entries
        .slice(0, mostFiles)
        .flatMap(({ filename, attrs }): FoundFile[] =>
          isPlainName(filename) && attrs.isFile()
            ? [{ name: filename, size: attrs.size, modified: String(attrs.mtime) }]
            : [],
        )
    },
    async *read(name) {
      const stream = sftp.createReadStream(at(name), { highWaterMark: 256 * 1024 })
      const end = () => stream.destroy(new NotReady('Reading a file: the SFTP server hung up.'))
      client.once('close', end)
      try {
        for await (const chunk of stream) yield chunk as Uint8Array
      } finally {
        client.off('close', end)
      }
    },
    async putAside(name) {
      await folderAt(archiveFolder)
      for (let n = 0; n < 10_000; n++) {
        const to = at(archiveFolder, freeName(name, n))
        if (await has(to)) continue
        await call('Putting a file aside', (done) => sftp.rename(at(name), to, done))
        return
      }
    },
    async write(folder, name, bytes) {
      await folderAt(folder)
      const draft = at(folder, `.${name}.tmp`)
      await call('Writing a file', (done) => sftp.writeFile(draft, Buffer.from(bytes), done))
      // Servers refuse to rename onto a file (SFTP version 3); the same name is the same content here.
      if (await has(at(folder, name))) await call('Replacing a file', (done) => sftp.unlink(at(folder, name), done))
      await call('Naming a file', (done) => sftp.rename(draft, at(folder, name), done))
    },
    async peek(folder, name) {
      if (!(await has(at(folder, name)))) return null
      const parts: Uint8Array[] = []
      for await (const chunk of sftp.createReadStream(at(folder, name), { start: 0, end: 4_095 }))
        parts.push(chunk as Uint8Array)
      return Buffer.concat(parts)
    },
    async close() {
      if (signal.aborted) client.destroy()
      else client.end()
    },
  }
}

function opened(client: Client, login: SftpLogin, signal: AbortSignal): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    let shown: string | undefined
    const fail = (error: Error) => {
      client.destroy()
      reject(error)
    }
    signal.addEventListener('abort', () => client.destroy(), { once: true })
    client.on('error', (error: Error & { level?: string }) => {
      if (shown !== undefined && shown !== login.hostKey)
        return fail(
          new ConfigInvalid(
            '/hostKey',
            `The server shows the key ${shown}. Compare it with the server's owner, then enter it.`,
          ),
        )
      if (error.level === 'client-authentication')
        return fail(new AuthFailed('The SFTP server refuses the login.', error))
      return fail(new NotReady(`The SFTP server cannot be reached: ${error.message}`, error))
    })
    client.on('close', () => reject(new NotReady('The SFTP server hung up.')))
    client.on('ready', () =>
      client.sftp((error, sftp) =>
        error ? fail(new NotReady(`The server speaks no SFTP: ${error.message}`, error)) : resolve(sftp),
      ),
    )
    try {
      client.connect({
        host: login.host,
        port: login.port,
        username: login.user,
        readyTimeout: 10_000,
        keepaliveInterval: 10_000,
        keepaliveCountMax: 2,
        hostVerifier: (key: Buffer) => {
          shown = fingerprintOf(key)
          return shown === login.hostKey
        },
        ...(login.password === undefined ? {} : { password: login.password }),
        ...(login.privateKey === undefined ? {} : { privateKey: login.privateKey }),
      })
    } catch (error) {
      // A key that is none is refused before anything is sent.
      fail(
        new AuthFailed(
          'The private key cannot be read: it has to be an OpenSSH or PEM key without a passphrase.',
          error,
        ),
      )
    }
  })
}
