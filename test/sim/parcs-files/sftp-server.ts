// Owns an SFTP server of a parking system on loopback: a real SSH server over a folder, with one user.
// Must not share code with the adapter.
import { generateKeyPairSync } from 'node:crypto'
import { constants, lstatSync, type Stats } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import ssh2, { type Connection } from 'ssh2'

const { Server, utils } = ssh2
const { OPEN_MODE, STATUS_CODE } = utils.sftp

export interface SftpServer {
  port: number
  /** As OpenSSH prints it. */
  fingerprint: string
  logins: number
  /** Hangs up on everybody. */
  drop(): void
  stop(): Promise<void>
}

export async function sftpServer(
  root: string,
  who: { user: string; password?: string /** Its private key, of which it knows the other half. */; key?: string },
): Promise<SftpServer> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const parsed = utils.parseKey(privateKey)
  if (parsed instanceof Error) throw parsed
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(parsed.getPublicSSH()))
  const fingerprint = `SHA256:${Buffer.from(digest).toString('base64').replace(/=+$/, '')}`
  const connections = new Set<Connection>()
  const state = { logins: 0 }
  const server = new Server({ hostKeys: [privateKey] }, (connection) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    connection.on('error', () => connections.delete(connection))
    connection.on('authentication', (context) => {
      const known = who.key === undefined ? null : utils.parseKey(who.key)
      if (context.username !== who.user) return context.reject()
      if (context.method === 'password' && who.password !== undefined && context.password === who.password)
        return context.accept()
      if (
        context.method === 'publickey' &&
        known !== null &&
        !(known instanceof Error) &&
        context.key.data.equals(known.getPublicSSH()) &&
        (!context.signature || known.verify(context.blob as Buffer, context.signature, context.hashAlgo))
      )
        return context.accept()
      return context.reject(['password', 'publickey'])
    })
    connection.on('ready', () => {
      state.logins += 1
      connection.on('session', (accept) => accept().on('sftp', (acceptSftp) => serve(acceptSftp(), root)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const drop = () => {
    for (const connection of connections) connection.end()
  }
  return {
    port: (server.address() as AddressInfo).port,
    fingerprint,
    get logins() {
      return state.logins
    },
    drop,
    async stop() {
      drop()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

type Stream = ssh2.SFTPWrapper

function serve(sftp: Stream, root: string): void {
  const handles = new Map<number, { file?: FileHandle; list?: string[]; folder?: string }>()
  let next = 0
  const at = (path: string) => join(root, normalize(`/${path}`))
  const give = (entry: { file?: FileHandle; list?: string[]; folder?: string }) => {
    const handle = Buffer.alloc(4)
    handle.writeUInt32BE(next)
    handles.set(next++, entry)
    return handle
  }
  const known = (handle: Buffer) => handles.get(handle.readUInt32BE(0))
  const attrs = (stat: Stats) => ({
    mode: stat.mode,
    uid: 0,
    gid: 0,
    size: stat.size,
    atime: stat.atimeMs / 1000,
    mtime: Math.floor(stat.mtimeMs / 1000),
  })
  const tried = (id: number, run: () => Promise<void>) =>
    void run().catch((error: NodeJS.ErrnoException) =>
      sftp.status(id, error.code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE),
    )
  const ok = (id: number) => sftp.status(id, STATUS_CODE.OK)

  sftp.on('REALPATH', (id, path) =>
    sftp.name(id, [{ filename: normalize(`/${path}`), longname: '', attrs: {} as never }]),
  )
  for (const name of ['STAT', 'LSTAT'] as const)
    sftp.on(name, (id: number, path: string) => tried(id, async () => sftp.attrs(id, attrs(lstatSync(at(path))))))
  sftp.on('FSTAT', (id, handle) =>
    tried(id, async () => sftp.attrs(id, attrs((await known(handle)?.file?.stat()) as Stats))),
  )
  sftp.on('OPENDIR', (id, path) =>
    tried(id, async () => sftp.handle(id, give({ list: await readdir(at(path)), folder: at(path) }))),
  )
  sftp.on('READDIR', (id, handle) => {
    const entry = known(handle)
    const list = entry?.list?.splice(0) ?? []
    if (list.length === 0) return sftp.status(id, STATUS_CODE.EOF)
    return sftp.name(
      id,
      list.map((filename) => ({
        filename,
        longname: filename,
        attrs: attrs(lstatSync(join(entry?.folder ?? '', filename))),
      })),
    )
  })
  sftp.on('OPEN', (id, path, flags) =>
    tried(id, async () => {
      const writes = (flags & OPEN_MODE.WRITE) !== 0
      const mode = writes ? constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC : constants.O_RDONLY
      sftp.handle(id, give({ file: await open(at(path), mode) }))
    }),
  )
  sftp.on('READ', (id, handle, offset, length) =>
    tried(id, async () => {
      const file = known(handle)?.file
      const { buffer, bytesRead } = (await file?.read(Buffer.alloc(length), 0, length, offset)) ?? {
        buffer: Buffer.alloc(0),
        bytesRead: 0,
      }
      if (bytesRead === 0) sftp.status(id, STATUS_CODE.EOF)
      else sftp.data(id, buffer.subarray(0, bytesRead))
    }),
  )
  sftp.on('WRITE', (id, handle, offset, data) =>
    tried(id, async () => {
      await known(handle)?.file?.write(data, 0, data.length, offset)
      ok(id)
    }),
  )
  sftp.on('FSETSTAT', ok)
  sftp.on('CLOSE', (id, handle) =>
    tried(id, async () => {
      await known(handle)?.file?.close()
      handles.delete(handle.readUInt32BE(0))
      ok(id)
    }),
  )
  sftp.on('MKDIR', (id, path) => tried(id, () => mkdir(at(path)).then(() => void ok(id))))
  sftp.on('REMOVE', (id, path) => tried(id, () => unlink(at(path)).then(() => void ok(id))))
  sftp.on('RENAME', (id, from, to) => {
    // As OpenSSH does for version 3 of the protocol: never onto a file that is there.
    tried(id, async () => {
      if (
        await open(at(to), 'r').then(
          (file) => file.close().then(() => true),
          () => false,
        )
      )
        return void sftp.status(id, STATUS_CODE.FAILURE)
      await rename(at(from), at(to))
      ok(id)
    })
  })
}
